// Mails that were received: what the engine tells of them, and how they are read.
import { requester } from '@/shared/engine'
import { count, flag, list, moment, record, text, time } from '@/shared/parse'
import type { Entry } from '@/shared/wire'

export const STATES = ['held', 'quarantined', 'discarded', 'signal', 'filed', 'joined', 'received'] as const
export type State = (typeof STATES)[number]

export interface Mailbox {
  email: string
  name: string
}

export interface MailFile {
  number: number
  name: string
  mediaType: string
  size: number
  inline: boolean
}

export interface Invitation {
  method: string
  summary: string
  location: string
  organiser: string
  startAt: number
  endAt: number
}

export interface FailedAddress {
  email: string
  action: string
  status: string
  diagnostic: string
}

/** A mail in a list. */
export interface MailLine {
  id: string
  channel: string
  state: State
  /** Why it is held, quarantined or a signal. */
  reason: string
  /** Who wrote it, as far as it tells; empty: nobody has read it. */
  nature: string
  subject: string
  sender: Mailbox | null
  envelopeFrom: string
  receivedAt: number
  size: number
  files: number
  dmarc: string
  clue: string
  caseId: string
  interactionId: string
  decidedBy: string
}

export interface Mail extends MailLine {
  to: Mailbox[]
  cc: Mailbox[]
  replyTo: Mailbox[]
  envelopeTo: string[]
  peer: string
  messageId: string
  dateAt: number
  /** What was written now, apart from what it quotes and its signature. */
  fresh: string
  quoted: string
  signature: string
  forwarded: { sender: Mailbox | null; subject: string; date: string; text: string } | null
  html: boolean
  /** Its source is there. */
  kept: boolean
  attached: MailFile[]
  invitation: Invitation | null
  spf: string
  dkim: string
  checkedBy: string
  failed: FailedAddress[]
  faults: string[]
}

export function mailbox(value: unknown): Mailbox | null {
  const raw = record(value)
  const [email, name] = [text(raw['email']), text(raw['name'])]
  return email || name ? { email, name } : null
}

export const mailboxes = (value: unknown): Mailbox[] =>
  list(value).map(mailbox).filter((one): one is Mailbox => one !== null)

export function mailLine(value: unknown): MailLine {
  const raw = record(value)
  return {
    id: text(raw['id']),
    channel: text(raw['channel']),
    state: STATES.find((one) => one === raw['state']) ?? 'filed',
    reason: text(raw['reason']),
    nature: text(raw['nature']),
    subject: text(raw['subject']),
    sender: mailbox(raw['sender']),
    envelopeFrom: text(raw['envelope_from']),
    receivedAt: time(raw, 'received'),
    size: count(raw['size']),
    files: count(raw['files']),
    dmarc: text(raw['dmarc']),
    clue: text(raw['clue']),
    caseId: text(raw['case_id']),
    interactionId: text(raw['interaction_id']),
    decidedBy: text(raw['decided_by']),
  }
}

function file(value: unknown): MailFile {
  const raw = record(value)
  return {
    number: count(raw['number']),
    name: text(raw['name']),
    mediaType: text(raw['media_type']),
    size: count(raw['size']),
    inline: flag(raw['inline']),
  }
}

function invitation(value: unknown): Invitation | null {
  if (!value) return null
  const raw = record(value)
  return {
    method: text(raw['method']),
    summary: text(raw['summary']),
    location: text(raw['location']),
    organiser: text(raw['organiser']),
    startAt: moment(raw['start_at']),
    endAt: moment(raw['end_at']),
  }
}

function forwarded(value: unknown): Mail['forwarded'] {
  if (!value) return null
  const raw = record(value)
  return {
    sender: mailbox(raw['sender']), subject: text(raw['subject']), date: text(raw['date']), text: text(raw['text']),
  }
}

function failedAddress(value: unknown): FailedAddress {
  const raw = record(value)
  return {
    email: text(raw['email']),
    action: text(raw['action']),
    status: text(raw['status']),
    diagnostic: text(raw['diagnostic']),
  }
}

export function mail(value: unknown): Mail {
  const raw = record(value)
  const checks = record(raw['authenticity'])
  return {
    ...mailLine(value),
    to: mailboxes(raw['to']),
    cc: mailboxes(raw['cc']),
    replyTo: mailboxes(raw['reply_to']),
    envelopeTo: list(raw['envelope_to']).map(text),
    peer: text(raw['peer']),
    messageId: text(raw['message_id']),
    dateAt: time(raw, 'date'),
    fresh: text(raw['new']),
    quoted: text(raw['quoted']),
    signature: text(raw['signature']),
    forwarded: forwarded(raw['forwarded']),
    html: flag(raw['html']),
    kept: flag(raw['kept']),
    attached: list(raw['attached']).map(file),
    invitation: invitation(raw['invitation']),
    spf: text(checks['spf']),
    dkim: text(checks['dkim']),
    checkedBy: text(checks['by']),
    failed: list(raw['failed']).map(failedAddress),
    faults: list(raw['faults']).map(text),
  }
}

const at = (id: string): string => `/mails/${encodeURIComponent(id)}`
const address = (id: string): string => `/api/v1${at(id)}`

export async function readMail(id: string): Promise<Mail> {
  return mail(await requester.get(at(id)))
}

export type Decision = 'join' | 'own_case' | 'discard' | 'retry'

/** Say what is to become of a mail that is held or could not be read. */
/** Decide about a mail; ``caseId``: the case that it joins, if another than it names. */
export async function decideMail(id: string, decision: Decision, caseId = ''): Promise<Mail> {
  return mail(await requester.post(`${at(id)}/decision`, { decision, ...(caseId && { case_id: caseId }) }))
}

/** Read the newest mails of a case. */
export async function mailsOfCase(caseId: string): Promise<MailLine[]> {
  return list(await requester.get(`/cases/${encodeURIComponent(caseId)}/mails?limit=200`)).map(mailLine)
}

export const PAGE = 50

/** Read mails that stand so, newest first, from behind the one called ``before``. */
export async function readMails(state: State, before = '', limit = PAGE): Promise<MailLine[]> {
  const query = new URLSearchParams({ state, limit: String(limit) })
  if (before) query.set('before', before)
  return list(await requester.get(`/mails?${query}`)).map(mailLine)
}

export const sourceAddress = (id: string): string => `${address(id)}/source`
export const fileAddress = (id: string, number: number): string => `${address(id)}/files/${number}`
export const htmlAddress = (id: string, images: boolean): string => `${address(id)}/html${images ? '?images=true' : ''}`

/** Ask how many pictures elsewhere a mail's HTML names; 0 also where that cannot be found out. */
export async function remoteImages(id: string): Promise<number> {
  try {
    const answer = await fetch(htmlAddress(id, false), { credentials: 'same-origin' })
    await answer.body?.cancel()
    return answer.ok ? Number(answer.headers.get('remote-images')) || 0 : 0
  } catch {
    return 0
  }
}

/** The received mail that an entry of a transcript shows; empty: none. */
export const mailOf = (entry: Entry): string => text(entry.data['mail_id'])
/** The mail of ours that an entry shows; empty: none. */
export const outgoingOf = (entry: Entry): string => text(entry.data['outgoing_id'])

/** Write somebody as mails do; of one without a name only the address. */
export function nameOf(one: Mailbox | null): string {
  if (!one) return ''
  return one.name && one.email ? `${one.name} <${one.email}>` : one.name || one.email
}

export type Tone = 'plain' | 'info' | 'warn' | 'danger'

/** What is to be known of a mail before it is believed, most important first: keys of words, and how loud. */
export function badgesOf(one: MailLine & { forwarded?: unknown }): { key: string; tone: Tone }[] {
  const found: { key: string; tone: Tone }[] = []
  if (one.state === 'held' || one.state === 'quarantined') found.push({ key: one.state, tone: 'warn' })
  if (one.dmarc === 'fail') found.push({ key: 'unproven', tone: 'danger' })
  if (one.nature && one.nature !== 'person') found.push({ key: 'machine', tone: 'plain' })
  if (one.forwarded) found.push({ key: 'forwarded', tone: 'info' })
  return found
}
