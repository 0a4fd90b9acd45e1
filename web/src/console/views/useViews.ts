// The views of the list of cases: which there are, how many cases each shows, keeping and throwing away.
import { computed, onBeforeUnmount, onMounted, shallowRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { addView, changeView, countViews, deleteView, readViews, type SavedView, type ViewCount, type ViewDraft } from '@/shared/views'

const EVERY_MS = 60_000

export function useViews() {
  const { t, te } = useI18n()
  const read = shallowRef<SavedView[]>([])
  const counts = shallowRef<ReadonlyMap<string, ViewCount>>(new Map())
  let timer: ReturnType<typeof setInterval> | undefined
  const views = computed(() => read.value.map((one) => {
    const key = `view.builtIn.${one.id}`
    return one.builtIn && te(key) ? { ...one, name: t(key) } : one
  }))

  async function count(): Promise<void> {
    const found = await countViews().catch(() => null) // what was shown stays
    if (found) counts.value = new Map(found.map((one) => [one.id, one]))
  }

  async function load(): Promise<void> {
    const found = await readViews().catch(() => null)
    if (found) read.value = found
    await count()
  }

  /** Keep a new view, or change one under the version that is known; throw a Problem. */
  async function keep(draft: Partial<ViewDraft>, before: SavedView | null): Promise<SavedView> {
    try {
      const now = before && read.value.find((one) => one.id === before.id)
      const kept = now ? await changeView(now, draft) : await addView(draft as ViewDraft)
      read.value = now ? read.value.map((one) => (one.id === kept.id ? kept : one)) : [...read.value, kept]
      return kept
    } finally {
      void load()
    }
  }

  async function remove(id: string): Promise<void> {
    await deleteView(id)
    await load()
  }

  onMounted(() => {
    void load()
    timer = setInterval(() => { if (!document.hidden) void count() }, EVERY_MS)
  })
  onBeforeUnmount(() => clearInterval(timer))
  return { views, counts, load, count, keep, remove }
}
