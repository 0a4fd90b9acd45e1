// What the agent socket tells of jobs, for whoever shows them.
import { onBeforeUnmount } from 'vue'
import { isOver, type Job } from '@/shared/jobs'

const listeners = new Set<(told: Job) => void>()

export function tellJob(told: Job): void {
  for (const listener of [...listeners]) listener(told)
}

/** Hear of jobs as they get on, as long as the component is there. */
export function onJob(listener: (told: Job) => void): void {
  listeners.add(listener)
  onBeforeUnmount(() => listeners.delete(listener))
}

/** Say whether what is told of a job goes beyond what is known; an answer over HTTP may have been quicker. */
export function isNewer(told: Job, known: Job): boolean {
  if (isOver(known)) return false
  return isOver(told) || told.done + told.failed >= known.done + known.failed
}
