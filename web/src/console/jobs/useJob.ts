// One job, followed until it is over.
import { onBeforeUnmount, ref, shallowRef } from 'vue'
import { cancelJob, isOver, readJob, type Job } from '@/shared/jobs'
import { problemWords, useToasts } from '@/shared/toasts'

const EVERY_MS = 1_000
const AWAY_MS = 5_000

/** ``over`` hears once of a job that ended while it was followed. */
export function useJob(over: (ended: Job) => void = () => undefined) {
  const toasts = useToasts()
  const job = shallowRef<Job | null>(null)
  const failed = ref('')
  const busy = ref(false)
  let timer: ReturnType<typeof setTimeout> | undefined
  let wanted = ''

  function take(fresh: Job): void {
    const ran = job.value?.id === fresh.id && !isOver(job.value)
    job.value = fresh
    if (isOver(fresh)) {
      if (ran) over(fresh)
    } else {
      timer = setTimeout(() => void look(), EVERY_MS)
    }
  }

  async function look(): Promise<void> {
    const id = wanted
    try {
      const fresh = await readJob(id)
      if (id !== wanted) return
      failed.value = ''
      take(fresh)
    } catch (problem) {
      if (id !== wanted) return
      failed.value = problemWords(problem).title
      timer = setTimeout(() => void look(), AWAY_MS)
    }
  }

  function stop(): void {
    clearTimeout(timer)
    wanted = ''
  }

  /** Follow a job, known already or by its id alone. */
  function follow(one: Job | string): void {
    stop()
    wanted = typeof one === 'string' ? one : one.id
    if (typeof one === 'string') void look()
    else take(one)
  }

  async function cancel(): Promise<void> {
    const id = job.value?.id
    if (!id || busy.value) return
    busy.value = true
    await toasts.attempt(async () => {
      const fresh = await cancelJob(id)
      clearTimeout(timer)
      take(fresh)
    })
    busy.value = false
  }

  function forget(): void {
    stop()
    job.value = null
  }

  onBeforeUnmount(stop)
  return { job, failed, busy, follow, cancel, forget }
}
