// The browser's small memories. They may be forbidden or full; then nothing is remembered.

export function remembered(key: string, store: () => Storage = () => localStorage): string {
  try {
    return store().getItem(key) ?? ''
  } catch {
    return ''
  }
}

export function remember(
  key: string, value: string, store: () => Storage = () => localStorage,
): void {
  try {
    if (value) store().setItem(key, value)
    else store().removeItem(key)
  } catch {
    // Not remembered: the page works without.
  }
}
