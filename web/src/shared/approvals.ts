// Approvals: what is done to a case only when somebody else has said yes.
import type { Values } from './cases'
import { requester } from './engine'
import { count, list, record, text, time } from './parse'

export const DEEDS = ['approve', 'refuse', 'delegate', 'withdraw'] as const
export type Deed = (typeof DEEDS)[number]
export const CONCERNS = ['waiting', 'asked', 'decided'] as const
export type Concern = (typeof CONCERNS)[number]

/** That somebody is or was asked; without a user anybody of the role. */
export interface Turn {
  number: number
  step: number
  userName: string
  role: string
  state: string
  decidedByName: string
  decidedAt: number
  note: string
}

export interface Approval {
  id: string
  caseId: string
  caseNumber: number
  caseSubject: string
  name: string
  state: string
  step: number
  steps: number
  changes: Values
  macro: string
  reason: string
  askedBy: string
  askedByName: string
  askedAt: number
  dueAt: number
  fault: string
  version: number
  turns: Turn[]
  /** What one may do about it now. */
  may: Deed[]
}

export interface Process {
  key: string
  name: string
  /** Macros that need it. */
  macros: string[]
}

/** A change that was refused since it needs somebody's yes; asked for already: ``waiting``. */
export interface Needed {
  mine: Values
  /** The macro that is wanted instead of changes. */
  macro?: { key: string; name: string }
  processes: Process[]
  waiting: boolean
}

function turn(value: unknown): Turn {
  const raw = record(value)
  return {
    number: count(raw['number']),
    step: count(raw['step']),
    userName: text(raw['user_name']),
    role: text(raw['role']),
    state: text(raw['state']),
    decidedByName: text(raw['decided_by_name']),
    decidedAt: time(raw, 'decided'),
    note: text(raw['note']),
  }
}

export function approval(value: unknown): Approval {
  const raw = record(value)
  return {
    id: text(raw['id']),
    caseId: text(raw['case_id']),
    caseNumber: count(raw['case_number']),
    caseSubject: text(raw['case_subject']),
    name: text(raw['process_name']) || text(raw['process']),
    state: text(raw['state']),
    step: count(raw['step']),
    steps: count(raw['steps']),
    changes: record(raw['changes']),
    macro: text(raw['macro']),
    reason: text(raw['reason']),
    askedBy: text(raw['asked_by']),
    askedByName: text(raw['asked_by_name']),
    askedAt: time(raw, 'asked'),
    dueAt: time(raw, 'due'),
    fault: text(raw['fault']),
    version: count(raw['version']),
    turns: list(raw['turns']).map(turn),
    may: DEEDS.filter((one) => list(raw['may']).includes(one)),
  }
}

export function processes(value: unknown): Process[] {
  return list(value).map((one) => {
    const raw = record(one)
    return { key: text(raw['key']), name: text(raw['name']) || text(raw['key']), macros: list(raw['macros']).map(text) }
  })
}

/** Take a change apart as the details show it: the organisation's own fields each by itself. */
export function parts(changes: Values): [string, unknown][] {
  const { fields, ...plain } = changes
  return [
    ...Object.entries(plain),
    ...Object.entries(record(fields)).map(([key, value]): [string, unknown] => ['fields.' + key, value]),
  ]
}

export async function caseApprovals(caseId: string, locale: string): Promise<{ items: Approval[]; offered: Process[] }> {
  const query = new URLSearchParams({ locale })
  const raw = record(await requester.get(`/cases/${encodeURIComponent(caseId)}/approvals?${query}`))
  return { items: list(raw).map(approval), offered: processes(raw['offered']) }
}

export async function askApproval(caseId: string, asked: Values): Promise<Approval> {
  return approval(await requester.post(`/cases/${encodeURIComponent(caseId)}/approvals`, asked))
}

export interface ApprovalList {
  items: Approval[]
  waiting: number
  asked: number
}

export const PAGE = 50

export async function readApprovals(mine: Concern, locale: string, beforeId = '', limit = PAGE): Promise<ApprovalList> {
  const query = new URLSearchParams({ mine, locale, limit: String(limit) })
  if (beforeId) query.set('before_id', beforeId)
  const raw = record(await requester.get(`/approvals?${query}`))
  return { items: list(raw).map(approval), waiting: count(raw['waiting']), asked: count(raw['asked']) }
}

export async function decide(one: Approval, deed: Deed, said: Values): Promise<Approval> {
  const body = { version: one.version, ...said }
  return approval(await requester.post(`/approvals/${encodeURIComponent(one.id)}/${deed}`, body))
}
