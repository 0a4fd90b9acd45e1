// Tasks and events: what somebody means to do, about a case, a customer, or nothing of these.
import { requester } from './engine'
import { count, flag, list, moment, record, text } from './parse'

export interface Activity {
  id: string
  kind: string
  subject: string
  status: string
  overdue: boolean
  ownerId: string
  ownerName: string
  caseId: string
  dueAt: number
  version: number
}

export function activity(value: unknown): Activity {
  const raw = record(value)
  return {
    id: text(raw['id']),
    kind: text(raw['kind']),
    subject: text(raw['subject']),
    status: text(raw['status']),
    overdue: flag(raw['overdue']),
    ownerId: text(raw['owner_id']),
    ownerName: text(raw['owner_name']),
    caseId: text(raw['case_id']),
    dueAt: moment(raw['due_at']),
    version: count(raw['version']),
  }
}

export type Span = 'due' | 'overdue' | 'someday'

export async function agenda(span: Span): Promise<Activity[]> {
  return list(await requester.get(`/agenda?span=${span}`)).map(activity)
}

export async function addActivity(values: Record<string, unknown>): Promise<Activity> {
  return activity(await requester.post('/activities', values))
}

export async function setActivity(one: Activity, status: string): Promise<Activity> {
  const path = `/activities/${encodeURIComponent(one.id)}`
  return activity(await requester.patch(path, { version: one.version, status }))
}

/** Read the tasks and events of a case. */
export async function tasks(id: string): Promise<Activity[]> {
  return list(await requester.get(`/activities?case_id=${encodeURIComponent(id)}`)).map(activity)
}
