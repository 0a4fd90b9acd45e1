// Finds out who is signed in when a page opens, and tries on until the engine answers.
import { onBeforeUnmount, onMounted, ref, type Ref } from 'vue'
import { backoff } from './backoff'
import { useSession } from './session'

/** Resume the session of an earlier visit; the answer says whether the engine is being awaited. */
export function useResumedSession(): Ref<boolean> {
  const session = useSession()
  const waiting = ref(false)
  let timer: ReturnType<typeof setTimeout> | undefined

  async function attempt(count: number): Promise<void> {
    try {
      await session.resume()
      waiting.value = false
    } catch {
      waiting.value = true
      const pause = backoff(count, { baseMs: 500, capMs: 5_000 })
      timer = setTimeout(() => void attempt(count + 1), pause)
    }
  }

  onMounted(() => void attempt(0))
  onBeforeUnmount(() => clearTimeout(timer))
  return waiting
}
