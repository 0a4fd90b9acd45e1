// Mails of ours: prepared, sent, taken back, and how far each is.
import { shallowReactive } from 'vue'
import { requester } from '@/shared/engine'
import { count, flag, list, moment, record, text, time } from '@/shared/parse'
import type { Mode } from './actions'
import { mailbox, mailboxes, type Mailbox } from './mail'

export type SentState = 'waiting' | 'sent' | 'failed' | 'cancelled'
export type RecipientState = 'waiting' | 'sent' | 'failed' | 'bounced'

export interface Recipient {
  email: string
  state: RecipientState
  code: number
  /** What the other server said. */
  said: string
  nextTryAt: number
}

export interface Sent {
  id: string
  caseId: string
  sender: Mailbox | null
  to: Mailbox[]
  cc: Mailbox[]
  bcc: Mailbox[]
  subject: string
  text: string
  files: { name: string; size: number }[]
  automatic: boolean
  state: SentState
  fault: string
  /** Until then it can be taken back without fail. */
  notBefore: number
  recipients: Recipient[]
}

export interface Doubtful {
  email: string
  /** Its owner called our mail abuse. */
  complained: boolean
  status: string
  diagnostic: string
}

export interface Prepared {
  answers: string
  sender: Mailbox | null
  to: Mailbox[]
  cc: Mailbox[]
  subject: string
  signature: string
  quotation: string
  files: { id: string; name: string; size: number }[]
  undoMs: number
  doubtful: Doubtful[]
}

const STATES: readonly SentState[] = ['waiting', 'sent', 'failed', 'cancelled']
const RECIPIENT_STATES: readonly RecipientState[] = ['waiting', 'sent', 'failed', 'bounced']

function recipient(value: unknown): Recipient {
  const raw = record(value)
  return {
    email: text(raw['email']),
    state: RECIPIENT_STATES.find((one) => one === raw['state']) ?? 'waiting',
    code: count(raw['code']),
    said: text(raw['said']),
    nextTryAt: time(raw, 'next_try'),
  }
}

export function sent(value: unknown): Sent {
  const raw = record(value)
  return {
    id: text(raw['id']),
    caseId: text(raw['case_id']),
    sender: mailbox(raw['sender']),
    to: mailboxes(raw['to']),
    cc: mailboxes(raw['cc']),
    bcc: mailboxes(raw['bcc']),
    subject: text(raw['subject']),
    text: text(raw['text']),
    files: list(raw['files']).map((one) => ({ name: text(record(one)['name']), size: count(record(one)['size']) })),
    automatic: flag(raw['automatic']),
    state: STATES.find((one) => one === raw['state']) ?? 'waiting',
    fault: text(raw['fault']),
    notBefore: moment(raw['not_before']),
    recipients: list(raw['recipients']).map(recipient),
  }
}

export function doubtful(value: unknown): Doubtful[] {
  return list(value).map((one) => {
    const raw = record(one)
    return { email: text(raw['email']), complained: !!raw['complained_at'], status: text(raw['status']), diagnostic: text(raw['diagnostic']) }
  })
}

export function prepared(value: unknown): Prepared {
  const raw = record(value)
  return {
    answers: text(raw['answers']),
    sender: mailbox(raw['sender']),
    to: mailboxes(raw['to']),
    cc: mailboxes(raw['cc']),
    subject: text(raw['subject']),
    signature: text(raw['signature']),
    quotation: text(raw['quotation']),
    files: list(raw['files']).map((one) => ({
      id: text(record(one)['attachment_id']), name: text(record(one)['name']), size: count(record(one)['size']),
    })),
    undoMs: count(raw['undo_ms']),
    doubtful: doubtful(raw['doubtful']),
  }
}

/** What the engine calls a mode: the kind of mail, which mail it is about, and whether everybody is answered. */
export function wantedOf(mode: Mode, answers: string): { kind: string; answers: string; everybody: boolean } {
  return { kind: mode === 'reply_all' ? 'reply' : mode, answers: mode === 'new' ? '' : answers, everybody: mode === 'reply_all' }
}

const at = (caseId: string, id = ''): string =>
  `/cases/${encodeURIComponent(caseId)}/mail${id ? `/${encodeURIComponent(id)}` : ''}`

export async function prepare(caseId: string, mode: Mode, answers: string): Promise<Prepared> {
  const { kind, everybody, ...rest } = wantedOf(mode, answers)
  const query = new URLSearchParams({ kind, everybody: String(everybody), answers: rest.answers })
  return prepared(await requester.get(`${at(caseId)}/draft?${query}`))
}

const MOST = 300
const known = shallowReactive(new Map<string, Sent>())

/** Return a mail of ours, if it is known here, as it was heard of last. */
export const knownSent = (id: string): Sent | undefined => known.get(id)

function keep(one: Sent): Sent {
  known.set(one.id, one)
  const oldest = known.keys().next().value
  if (known.size > MOST && oldest !== undefined) known.delete(oldest)
  return one
}

export async function learnSent(caseId: string, id: string): Promise<Sent> {
  return keep(sent(await requester.get(at(caseId, id))))
}

export async function sendMail(caseId: string, values: object): Promise<Sent> {
  return keep(sent(await requester.post(at(caseId), values)))
}

/** Take a mail back. Throws a Problem (``mail-gone``) where somebody may have it. */
export async function cancelMail(caseId: string, id: string): Promise<Sent> {
  return keep(sent(await requester.post(`${at(caseId, id)}/cancel`)))
}

/** Let one that waits or failed be tried at once. */
export async function sendNow(caseId: string, id: string): Promise<Sent> {
  return keep(sent(await requester.post(`${at(caseId, id)}/send`)))
}
