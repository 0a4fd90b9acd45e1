// Keyboard shortcuts: Alt and a key, by the key's place, for Alt makes other letters on a Mac.
import { onBeforeUnmount, onMounted } from 'vue'

export const SHORTCUTS = {
  accept: { code: 'KeyA', keys: 'Alt+A' },
  decline: { code: 'KeyD', keys: 'Alt+D' },
  next: { code: 'ArrowDown', keys: 'Alt+↓' },
  previous: { code: 'ArrowUp', keys: 'Alt+↑' },
  reply: { code: 'KeyR', keys: 'Alt+R' },
  note: { code: 'KeyN', keys: 'Alt+N' },
  transfer: { code: 'KeyT', keys: 'Alt+T' },
  end: { code: 'KeyE', keys: 'Alt+E' },
  alerts: { code: 'KeyB', keys: 'Alt+B' },
  macros: { code: 'KeyM', keys: 'Alt+M' },
  status: { code: 'KeyS', keys: 'Alt+S' },
  help: { code: 'Slash', keys: 'Alt+/' },
} as const

export type Shortcut = keyof typeof SHORTCUTS

/** Find the shortcut that was pressed. */
export function shortcutOf(event: KeyboardEvent): Shortcut | undefined {
  if (!event.altKey || event.ctrlKey || event.metaKey || event.isComposing) return undefined
  const names = Object.keys(SHORTCUTS) as Shortcut[]
  return names.find((name) => SHORTCUTS[name].code === event.code)
}

export function useShortcuts(actions: Partial<Record<Shortcut, () => void>>): void {
  const pressed = (event: KeyboardEvent): void => {
    const shortcut = shortcutOf(event)
    const act = shortcut && actions[shortcut]
    if (!act || event.repeat) return
    const inDialog = document.querySelector('dialog[open]') !== null
    if (inDialog && shortcut !== 'help') return
    event.preventDefault()
    act()
  }
  onMounted(() => addEventListener('keydown', pressed))
  onBeforeUnmount(() => removeEventListener('keydown', pressed))
}
