// Who else has the case open or writes, and whether it has moved on: said and heard while the page is there.
import { onBeforeUnmount, onMounted, ref, watch } from 'vue'
import { leave, look, type Viewer } from '@/shared/cases'

const LEAST_MS = 2_000
const TYPED_MS = 5_000
// What rules and clocks make of a change follows it within a second.
const SETTLED_MS = 1_500

/** ``round`` counts how often the case was read; ``changed`` is called when it has more to tell. */
export function useViewers(id: () => string, round: () => number, changed: () => void) {
  const viewers = ref<Viewer[]>([])
  let timer: ReturnType<typeof setTimeout> | undefined
  let typedAt = 0
  let gone = false
  let lines = 0

  async function beat(): Promise<void> {
    clearTimeout(timer)
    let again = 10_000
    try {
      const heard = await look(id(), Date.now() - typedAt < TYPED_MS)
      const moved = lines > 0 && heard.lines > lines
      lines = heard.lines
      viewers.value = heard.viewers
      again = Math.max(LEAST_MS, heard.againMs)
      if (moved) changed()
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
  watch(round, () => {
    clearTimeout(timer)
    timer = setTimeout(() => void beat(), SETTLED_MS)
  })
  onBeforeUnmount(() => {
    gone = true
    clearTimeout(timer)
    void leave(id()).catch(() => undefined) // the engine notices by itself
  })

  return { viewers, typed }
}
