// One import, read until it has ended.
import { onBeforeUnmount, ref, shallowRef } from 'vue'
import { cancelImport, isEnded, readImport, type Import } from '@/shared/transfers'
import { problemWords, useToasts } from '@/shared/toasts'

const EVERY_MS = 1_000
const AWAY_MS = 5_000

export function useImport(id: string, ended: (one: Import) => void) {
  const toasts = useToasts()
  const one = shallowRef<Import | null>(null)
  const failed = ref('')
  const busy = ref(false)
  let timer: ReturnType<typeof setTimeout> | undefined
  let gone = false

  function take(fresh: Import): void {
    clearTimeout(timer)
    const before = one.value
    one.value = fresh
    if (!isEnded(fresh)) timer = setTimeout(() => void look(), EVERY_MS)
    else if (!before || !isEnded(before)) ended(fresh)
  }

  async function look(): Promise<void> {
    try {
      const fresh = await readImport(id)
      if (gone || (one.value && isEnded(one.value))) return
      failed.value = ''
      take(fresh)
    } catch (problem) {
      if (gone) return
      failed.value = problemWords(problem).title
      timer = setTimeout(() => void look(), AWAY_MS)
    }
  }

  async function cancel(): Promise<void> {
    busy.value = true
    await toasts.attempt(async () => take(await cancelImport(id)))
    busy.value = false
  }

  onBeforeUnmount(() => {
    gone = true
    clearTimeout(timer)
  })
  void look()
  return { one, failed, busy, cancel }
}
