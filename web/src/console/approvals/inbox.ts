// How many approvals wait for whoever is signed in.
import { defineStore } from 'pinia'
import { ref } from 'vue'
import { readApprovals } from '@/shared/approvals'

export const useInbox = defineStore('approvals', () => {
  const waiting = ref(0)

  async function count(): Promise<void> {
    const found = await readApprovals('waiting', '', '', 1).catch(() => null)
    if (found) waiting.value = found.waiting
  }

  return { waiting, count }
})
