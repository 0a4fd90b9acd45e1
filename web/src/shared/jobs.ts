// Jobs over many cases: asked for by ids or by a filter, followed, cancelled.
import type { Values } from './cases'
import { requester } from './engine'
import { count, job, list, record, text } from './parse'
import type { Job } from './wire'

export type { Job }

export const MOST_CASES = 10_000

export interface JobFailure {
  number: number
  caseId: string
  caseNumber: number
  reason: string
  detail: string
}

/** The cases of a job: by id, or by what the list is narrowed to. */
export type Which = { case_ids: string[] } | { filter: Values }

function failure(value: unknown): JobFailure {
  const raw = record(value)
  return {
    number: count(raw['number']),
    caseId: text(raw['case_id']),
    caseNumber: count(raw['case_number']),
    reason: text(raw['reason']),
    detail: text(raw['detail']),
  }
}

export const isOver = (one: Job): boolean => one.state === 'done' || one.state === 'cancelled'

export async function editCases(which: Which, changes: Values, why: string): Promise<Job> {
  return job(await requester.post('/cases/bulk', { ...which, changes, why }))
}

export async function runMacroOn(which: Which, key: string): Promise<Job> {
  return job(await requester.post(`/macros/${encodeURIComponent(key)}/runs`, which))
}

const at = (id: string): string => `/jobs/${encodeURIComponent(id)}`

export async function readJob(id: string): Promise<Job> {
  return job(await requester.get(at(id)))
}

export async function readJobs(): Promise<Job[]> {
  return list(await requester.get('/jobs')).map(job)
}

export const FAILURES = 200

/** Read why cases could not be done, behind the last one shown. */
export async function readFailures(id: string, last = 0): Promise<JobFailure[]> {
  return list(await requester.get(`${at(id)}/failures?after_number=${last}&limit=${FAILURES}`)).map(failure)
}

export async function cancelJob(id: string): Promise<Job> {
  return job(await requester.post(`${at(id)}/cancel`))
}
