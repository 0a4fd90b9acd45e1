// How many submissions are held, up to a bound: the engine sends them whole, so not many are asked for.
import { defineStore } from 'pinia'
import { ref } from 'vue'
import { readSubmissions } from './submission'

export const MOST = 20
const EVERY_MS = 60_000

export const useHeld = defineStore('submissions', () => {
  const held = ref(0)
  let counted = Number.NEGATIVE_INFINITY

  async function count(): Promise<void> {
    counted = Date.now()
    const found = await readSubmissions('held', '', MOST + 1).catch(() => null)
    if (found) held.value = found.length
  }

  /** Count where that was a while ago. Called when somebody does something: a page left alone keeps no session alive. */
  function noticed(): void {
    if (Date.now() - counted >= EVERY_MS) void count()
  }

  return { held, count, noticed }
})
