// How many mails somebody has to look at, up to a bound.
import { defineStore } from 'pinia'
import { ref } from 'vue'
import { readMails } from './mail'

export const MOST = 100
const EVERY_MS = 60_000

export const useMailsWaiting = defineStore('mails-waiting', () => {
  const waiting = ref(0)
  let counted = Number.NEGATIVE_INFINITY

  async function count(): Promise<void> {
    counted = Date.now()
    const found = await Promise.all([
      readMails('held', '', MOST / 2), readMails('quarantined', '', MOST / 2),
    ]).catch(() => null)
    if (found) waiting.value = found.flat().length
  }

  /** Count where that was a while ago. Called when somebody does something: a page left alone keeps no session alive. */
  function noticed(): void {
    if (Date.now() - counted >= EVERY_MS) void count()
  }

  return { waiting, count, noticed }
})
