// Who else has the case open or writes: said and heard while the page is there.
import { onBeforeUnmount, onMounted, ref } from 'vue'
import { leave, look, type Viewer } from '@/shared/cases'

const LEAST_MS = 2_000
const TYPED_MS = 5_000

export function useViewers(id: () => string, changed: () => void) {
  const viewers = ref<Viewer[]>([])
  let timer: ReturnType<typeof setTimeout> | undefined
  let typedAt = 0
  let gone = false

  async function beat(): Promise<void> {
    clearTimeout(timer)
    let again = 10_000
    try {
      const heard = await look(id(), Date.now() - typedAt < TYPED_MS)
      const fewer = viewers.value.some((one) => !heard.viewers.some((each) => each.id === one.id))
      viewers.value = heard.viewers
      again = Math.max(LEAST_MS, heard.againMs)
      if (fewer) changed() // he may have left something behind
    } catch {
      viewers.value = []
    }
    if (!gone) timer = setTimeout(() => void beat(), again)
  }

  /** Note a key stroke; the first one is told at once. */
  function typed(): void {
    const fresh = Date.now() - typedAt >= TYPED_MS
    typedAt = Date.now()
    if (fresh) void beat()
  }

  onMounted(beat)
  onBeforeUnmount(() => {
    gone = true
    clearTimeout(timer)
    void leave(id()).catch(() => undefined) // the engine notices by itself
  })

  return { viewers, typed }
}
