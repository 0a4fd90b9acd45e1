// What web forms sent and the spam guard held: read, made a case of, thrown away.
import { requester } from '@/shared/engine'
import { count, list, record, text, time } from '@/shared/parse'

export const STATES = ['held', 'released', 'deleted'] as const
export type State = (typeof STATES)[number]

export interface SubmissionFile {
  name: string
  mediaType: string
  size: number
}

export interface Submission {
  id: string
  channel: string
  state: State
  /** Names of the rules that held it. */
  reasons: string[]
  heldAt: number
  name: string
  email: string
  phone: string
  /** Network address it came from. */
  address: string
  locale: string
  subject: string
  /** The message, and beneath it every other field as it was typed. */
  body: string
  files: SubmissionFile[]
  caseId: string
  decidedBy: string
  decidedAt: number
}

function file(value: unknown): SubmissionFile {
  const raw = record(value)
  return { name: text(raw['name']), mediaType: text(raw['media_type']), size: count(raw['size']) }
}

export function submission(value: unknown): Submission {
  const raw = record(value)
  return {
    id: text(raw['id']),
    channel: text(raw['channel']),
    state: STATES.find((one) => one === raw['state']) ?? 'held',
    reasons: list(raw['reasons']).map(text),
    heldAt: time(raw, 'held'),
    name: text(raw['name']),
    email: text(raw['email']),
    phone: text(raw['phone']),
    address: text(raw['address']),
    locale: text(raw['locale']),
    subject: text(raw['subject']),
    body: text(raw['body']),
    files: list(raw['files']).map(file),
    caseId: text(raw['case_id']),
    decidedBy: text(raw['decided_by']),
    decidedAt: time(raw, 'decided'),
  }
}

export const PAGE = 50

/** Read submissions that stand so, newest first, from behind the one called ``before``. */
export async function readSubmissions(state: State, before = '', limit = PAGE): Promise<Submission[]> {
  const query = new URLSearchParams({ state, limit: String(limit) })
  if (before) query.set('before', before)
  return list(await requester.get(`/submissions?${query}`)).map(submission)
}

const at = (id: string): string => `/submissions/${encodeURIComponent(id)}`

export async function readSubmission(id: string): Promise<Submission> {
  return submission(await requester.get(at(id)))
}

/** Make a case of it; what is one already is returned as it is. */
export async function releaseSubmission(id: string): Promise<Submission> {
  return submission(await requester.post(`${at(id)}/release`))
}

export async function deleteSubmission(id: string): Promise<Submission> {
  return submission(await requester.send('DELETE', at(id)))
}

/** Say who wrote, by the best that is known of him; nothing: empty. */
export function senderOf(one: Submission): string {
  return one.name && one.email ? `${one.name} <${one.email}>` : one.name || one.email || one.phone
}
