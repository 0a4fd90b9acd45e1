// Telephone calls: those of the agent's telephones as his socket tells them, and those on the record.
import { requester } from './engine'
import { count, flag, list, moment, record, text, time } from './parse'

export type MatchKind = 'contact' | 'account' | 'case'

/** Somebody or something that a call may be about. */
export interface Match {
  kind: MatchKind
  id: string
  title: string
  number: number
}

/** What the screen does for a call. */
export interface Pop {
  action: string
  by: string
  open: Match | null
  matches: Match[]
  url: string
}

export interface AgentCall {
  id: string
  state: string
  direction: string
  number: string
  queue: string
  given: [string, string][]
  interactionId: string
  contactId: string
  contactName: string
  known: boolean
  caseId: string
  itemId: string
  party: string
  legState: string
  rangAt: number
  answeredAt: number
  since: number
  pop: Pop
}

/** A call as the record has it; times in milliseconds. */
export interface CallLine {
  id: string
  state: string
  direction: string
  number: string
  interactionId: string
  startedAt: number
  ringMs: number
  talkMs: number
  holdMs: number
  cause: string
  recording: string
}

const KINDS: readonly string[] = ['contact', 'account', 'case']
const MOST = 20

function match(value: unknown): Match {
  const raw = record(value)
  const kind = text(raw['kind'])
  return {
    kind: (KINDS.includes(kind) ? kind : 'contact') as MatchKind,
    id: text(raw['id']), title: text(raw['title']), number: count(raw['number']),
  }
}

function pop(value: unknown): Pop {
  const raw = record(value)
  return {
    action: text(raw['action']),
    by: text(raw['by']),
    open: raw['open'] ? match(raw['open']) : null,
    matches: list(raw['matches']).map(match),
    url: page(text(raw['url'])),
  }
}

/** Return a link that leads to a page; '' where it would do anything else. */
function page(url: string): string {
  return /^https?:\/\//i.test(url) ? url : ''
}

function given(value: unknown): [string, string][] {
  return Object.entries(record(value)).map(([name, said]) => [name, text(said)])
}

export function agentCall(value: unknown): AgentCall {
  const raw = record(value)
  return {
    id: text(raw['id']),
    state: text(raw['state']),
    direction: text(raw['direction']),
    number: text(raw['number']),
    queue: text(raw['queue']),
    given: given(raw['given']),
    interactionId: text(raw['interaction_id']),
    contactId: text(raw['contact_id']),
    contactName: text(raw['contact_name']),
    known: flag(raw['known']),
    caseId: text(raw['case_id']),
    itemId: text(raw['item_id']),
    party: text(raw['party']),
    legState: text(raw['leg_state']),
    rangAt: time(raw, 'rang'),
    answeredAt: time(raw, 'answered'),
    since: moment(raw['since']),
    pop: pop(raw['pop']),
  }
}

function callLine(value: unknown): CallLine {
  const raw = record(value)
  const inbound = text(raw['direction']) === 'inbound'
  return {
    id: text(raw['id']),
    state: text(raw['state']),
    direction: text(raw['direction']),
    number: text(raw[inbound ? 'from_number' : 'to_number']),
    interactionId: text(raw['interaction_id']),
    startedAt: time(raw, 'started'),
    ringMs: count(raw['ring_ms']),
    talkMs: count(raw['talk_ms']),
    holdMs: count(raw['hold_ms']),
    cause: text(raw['cause']),
    recording: page(text(raw['recording'])),
  }
}

/** Read the newest calls of a contact that the caller may see. */
export async function callsOf(contactId: string): Promise<CallLine[]> {
  const query = new URLSearchParams({ contact_id: contactId, limit: String(MOST) })
  return list(await requester.get(`/calls?${query.toString()}`)).map(callLine)
}
