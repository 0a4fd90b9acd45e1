// How many approvals wait for whoever is signed in.
import { defineStore } from 'pinia'
import { ref } from 'vue'
import { readApprovals, type Approval, type ApprovalList } from '@/shared/approvals'

export const useInbox = defineStore('approvals', () => {
  const waiting = ref(0)

  async function count(): Promise<void> {
    const found = await readApprovals('waiting', '', '', 1).catch(() => null)
    if (found) waiting.value = found.waiting
  }

  return { waiting, count }
})

/** A list as it is now, with what was answered meanwhile in its place; newest first, as ids are. */
export function withAnswered(fresh: ApprovalList, answered: ReadonlyMap<string, Approval>): ApprovalList {
  const there = new Set(fresh.items.map((one) => one.id))
  const kept = [...answered.values()].filter((one) => !there.has(one.id))
  return { ...fresh, items: [...fresh.items, ...kept].sort((one, other) => (one.id < other.id ? 1 : -1)) }
}
