// What the agent has chosen and noted in each wrap-up. It is kept while he looks at another
// conversation, and saved by itself just before the engine ends the wrap-up.
import { defineStore } from 'pinia'
import { reactive, ref } from 'vue'
import * as engine from '@/shared/engine'
import { useToasts } from '@/shared/toasts'
import type { HeldItem } from '@/shared/wire'

export interface WrapUp {
  disposition: string
  note: string
}

const BEFORE_MS = 2_000

export const useWrapUps = defineStore('wrapups', () => {
  const toasts = useToasts()
  const drafts = ref<Record<string, WrapUp>>({})
  const saving = ref<Record<string, boolean>>({})
  const tried = new Set<string>()

  function of(item: HeldItem): WrapUp {
    const fresh = reactive({ disposition: '', note: '' })
    return (drafts.value[item.itemId] ??= fresh)
  }

  async function finish(item: HeldItem): Promise<void> {
    const { disposition, note } = of(item)
    if (!disposition || saving.value[item.itemId]) return
    saving.value[item.itemId] = true
    const done = await toasts.attempt(() =>
      engine.wrapUp(item.itemId, item.assignment, disposition, note.trim()),
    )
    delete saving.value[item.itemId]
    if (done) delete drafts.value[item.itemId]
  }

  /** Save what has been chosen where the time is nearly over, once; forget what is gone. */
  function look(items: readonly HeldItem[], now: number): void {
    const held = new Set(items.map((item) => item.itemId))
    for (const id of Object.keys(drafts.value)) if (!held.has(id)) delete drafts.value[id]
    for (const item of items) {
      const due = item.state === 'wrapup' && item.deadline > 0 && now > item.deadline - BEFORE_MS
      if (!due || now > item.deadline || tried.has(item.itemId)) continue
      if (!drafts.value[item.itemId]?.disposition) continue
      tried.add(item.itemId)
      void finish(item)
    }
  }

  return { drafts, saving, of, finish, look }
})
