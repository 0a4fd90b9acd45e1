// One job, followed until it is over: as the agent socket tells it, and now and then read, since what is told may be lost.
import { onBeforeUnmount, ref, shallowRef, watch } from 'vue'
import { cancelJob, isOver, readJob, type Job } from '@/shared/jobs'
import { problemWords, useToasts } from '@/shared/toasts'
import { useDesk } from '../desk'
import { isNewer, onJob } from './news'

export const EVERY_MS = 15_000
const SOON_MS = 1_000
const AWAY_MS = 5_000

/** ``over`` hears once of a job that ended while it was followed. */
export function useJob(over: (ended: Job) => void = () => undefined) {
  const toasts = useToasts()
  const job = shallowRef<Job | null>(null)
  const failed = ref('')
  const busy = ref(false)
  let timer: ReturnType<typeof setTimeout> | undefined
  let wanted = ''

  function take(fresh: Job, againMs = EVERY_MS): void {
    clearTimeout(timer)
    const ran = job.value?.id === fresh.id && !isOver(job.value)
    job.value = fresh
    if (isOver(fresh)) {
      if (ran) over(fresh)
    } else {
      timer = setTimeout(() => void look(), againMs)
    }
  }

  async function look(): Promise<void> {
    clearTimeout(timer)
    const id = wanted
    try {
      const fresh = await readJob(id)
      if (id !== wanted) return
      failed.value = ''
      take(job.value?.id === id && !isNewer(fresh, job.value) ? job.value : fresh)
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
    else take(one, SOON_MS) // a short one may have been over before its answer came
  }

  async function cancel(): Promise<void> {
    const id = job.value?.id
    if (!id || busy.value) return
    busy.value = true
    await toasts.attempt(async () => {
      const fresh = await cancelJob(id)
      take(fresh)
    })
    busy.value = false
  }

  function forget(): void {
    stop()
    job.value = null
  }

  onJob((told) => {
    if (told.id !== wanted || (job.value?.id === told.id && !isNewer(told, job.value))) return
    failed.value = ''
    take(told)
  })
  const desk = useDesk()
  watch(() => desk.link.state, (state) => { if (state === 'open' && wanted && !(job.value && isOver(job.value))) void look() })
  onBeforeUnmount(stop)
  return { job, failed, busy, follow, cancel, forget }
}
