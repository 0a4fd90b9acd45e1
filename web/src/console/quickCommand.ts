// Quick texts in a field: the list that a `/` at the start of a line opens, and what it inserts.
import { nextTick, ref, useId, type Ref } from 'vue'
import { commandAt } from '@/shared/quickTexts'

interface Keys {
  key: (event: KeyboardEvent) => boolean
}

/** ``area`` is the field that holds ``body``, ``quick`` the list while it is shown; both may be missing. */
export function useQuickCommand(
  body: Ref<string>,
  area: () => HTMLTextAreaElement | null,
  quick: () => Keys | null,
) {
  const listId = useId()
  const option = ref('')
  /** What was typed behind the `/` that opened the list; null while it is closed. */
  const command = ref<{ from: number; typed: string } | null>(null)

  function look(): void {
    command.value = commandAt(body.value, area()?.selectionStart ?? 0)
  }

  async function put(text: string, at: number): Promise<void> {
    body.value = text
    await nextTick()
    area()?.focus()
    area()?.setSelectionRange(at, at)
  }

  async function insert(text: string): Promise<void> {
    const { from, typed } = command.value ?? { from: body.value.length, typed: '' }
    const rest = body.value.slice(from + (command.value ? typed.length + 1 : 0))
    command.value = null
    await put(body.value.slice(0, from) + text + rest, from + text.length)
  }

  /** Begin a line with the `/`. */
  async function openTexts(): Promise<void> {
    const line = body.value && !body.value.endsWith('\n') ? `${body.value}\n/` : `${body.value}/`
    await put(line, line.length)
    look()
  }

  /** Say whether the key was one of the list's. */
  const taken = (event: KeyboardEvent): boolean => command.value !== null && (quick()?.key(event) ?? false)

  return { listId, option, command, look, insert, openTexts, taken }
}
