// A short list beside the case, read anew with each round of the page.
import { shallowRef, watch, type ShallowRef } from 'vue'

export function useList<T>(
  round: () => unknown, read: () => Promise<T[]>,
): { items: ShallowRef<T[]>; load: () => Promise<void> } {
  const items = shallowRef<T[]>([])
  let asked = 0

  async function load(): Promise<void> {
    asked += 1
    const mine = asked
    const found = await read().catch(() => null) // what was shown stays
    if (found && mine === asked) items.value = found
  }

  watch(round, load, { immediate: true })
  return { items, load }
}
