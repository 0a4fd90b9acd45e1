// The nouns the pages work with. Times are epoch milliseconds; parse.ts makes them of what the
// engine sends.
import type { AgentCall } from './calls'

export type Role = 'agent' | 'supervisor' | 'admin'
export type StatusKind = 'available' | 'break' | 'offline'
export type EntryKind =
  | 'message'
  | 'note'
  | 'joined'
  | 'left'
  | 'transferred'
  | 'warning'
  | 'ended'
  | 'call'
export type Author = 'visitor' | 'agent' | 'system'
export type CaseStatusKind = 'new' | 'open' | 'waiting' | 'resolved' | 'closed'
export type ItemState = 'active' | 'wrapup' | 'parked'
export type QueueMode = 'open' | 'paused' | 'draining'

export interface User {
  id: string
  login: string
  name: string
  role: Role
  locale: string
}

export interface Organisation {
  id: string
  name: string
  locale: string
}

export interface Signed {
  user: User
  csrf: string
  organisation: Organisation
}

export interface Named {
  key: string
  name: string
  /** By language, where it was configured in several. */
  names?: Record<string, string>
}

export interface PresenceStatus extends Named {
  kind: StatusKind
  channels: string[]
}

export interface Entry {
  id: string
  seq: number
  kind: EntryKind
  author: Author
  authorId: string
  name: string
  clientId: string
  body: string
  at: number
  data: Record<string, unknown>
}

export interface Interaction {
  id: string
  channel: string
  topic: string
  locale: string
  state: 'open' | 'closed'
  contactId: string
  caseId: string
  lastSeq: number
  agentReadSeq: number
  openedAt: number
  closedAt: number
  closeReason: string
}

export interface Contact {
  id: string
  name: string
  email: string
  language: string
  createdAt: number
}

/** Where a case can stand, and what may come after it. */
export interface CaseStatusSetup extends Named {
  kind: CaseStatusKind
  to: string[]
}

export interface Case {
  id: string
  number: number
  subject: string
  contactId: string
  contactName: string
  status: string
  priority: number
  queue: string
  ownerId: string
  ownerName: string
  origin: string
  topic: string
  version: number
  openedAt: number
  updatedAt: number
  closedAt: number
  escalatedAt: number
}

export interface CaseEvent {
  id: string
  /** Also a case that was merged into the one shown. */
  caseId: string
  at: number
  kind: string
  actorId: string
  actorName: string
  data: Record<string, unknown>
}

export type TimelineLine =
  | { type: 'event'; at: number; event: CaseEvent }
  | { type: 'interaction'; at: number; interaction: Interaction; entries: Entry[] }

export interface CaseDetail {
  case: Case
  contact: Contact | null
  timeline: TimelineLine[]
}

export interface ContactDetail {
  contact: Contact
  interactions: Interaction[]
}

/** Work without a conversation of its own; with a parent it is a consult. */
export interface Work {
  kind: string
  reference: string
  details: Record<string, string>
  parentId: string
  askedBy: string
  /** The case that it is of; empty: none. */
  caseId: string
}

export interface Offer {
  itemId: string
  assignment: number
  queue: string
  offeredAt: number
  expiresAt: number
  interactionId: string
  channel: string
  topic: string
  locale: string
  contactName: string
  preview: string
  work: Work | null
}

export interface HeldItem {
  itemId: string
  assignment: number
  state: ItemState
  queue: string
  since: number
  deadline: number
  interactionId: string
  kind: string
  canPark: boolean
  extensionsLeft: number
  extendMs: number
  work: Work | null
}

/** Work that waits in the agent's queues, for him to pick. */
export interface WaitingItem {
  itemId: string
  queue: string
  kind: string
  priority: number
  since: number
  name: string
  topic: string
  mine: boolean
}

/** A work item as the record has it. */
export interface WorkItem {
  id: string
  kind: string
  queue: string
  state: string
  priority: number
  agentId: string
  assignment: number
  createdAt: number
  reference: string
  preferredAgent: string
}

export interface QueueDestination extends Named {
  mode: QueueMode
  closed: boolean
  waiting: number
}

export interface AgentDestination {
  id: string
  name: string
  statusName: string
  statusKind: StatusKind
  connected: boolean
  used: number
  units: number
}

export interface Destinations {
  queues: QueueDestination[]
  agents: AgentDestination[]
}

/** Where work is handed to, or who is asked: one of these is given. */
export interface Destination {
  queue?: string
  agent_id?: string
  skills?: Record<string, number>
}

export interface Visitor {
  online: boolean
  receivedSeq: number
  readSeq: number
}

export interface Lists {
  statuses: PresenceStatus[]
  queues: Named[]
  dispositions: Named[]
  skills: Named[]
  declineReasons: Named[]
}

export interface HelloFrame extends Lists {
  type: 'hello'
  user: User
  organisation: Organisation
  heartbeatMs: number
}

export interface StateFrame {
  type: 'state'
  status: { key: string; since: number }
  connected: boolean
  load: { used: number; units: number }
  offers: Offer[]
  items: HeldItem[]
}

export interface ConversationFrame {
  type: 'conversation'
  interaction: Interaction
  contact: Contact
  case: Case | null
  itemId: string
  entries: Entry[]
  visitor: Visitor
}

export interface QueueLine extends Named {
  waiting: number
  longestWaitMs: number
  offered: number
  active: number
  wrapup: number
  parked: number
  mode: QueueMode
  closed: boolean
  /** What a newcomer would probably wait, with 60 % between these; 0 = nobody waits, or not known. */
  waitLowMs: number
  waitHighMs: number
  /** Share of true waits that fell into their band; null before the first. */
  waitInside: number | null
  serviceLevel: number | null
  goal: number
  least: number
  offeredToday: number
  answeredToday: number
  abandonedToday: number
}

export interface AgentLine {
  id: string
  name: string
  status: string
  statusName: string
  statusKind: StatusKind
  since: number
  connected: boolean
  used: number
  units: number
  items: number
}

export interface BoardFrame {
  type: 'board'
  at: number
  queues: QueueLine[]
  agents: AgentLine[]
}

export interface Alert {
  id: string
  kind: string
  at: number
  data: Record<string, unknown>
  acknowledgedAt: number
}

/** A job over many cases, and how far it is. */
export interface Job {
  id: string
  kind: string
  state: 'waiting' | 'running' | 'done' | 'cancelled'
  total: number
  done: number
  failed: number
  askedBy: string
  askedAt: number
  endedAt: number
}

export type Frame =
  | HelloFrame
  | StateFrame
  | ConversationFrame
  | BoardFrame
  | { type: 'entry'; interactionId: string; entry: Entry }
  | { type: 'ack'; clientId: string; interactionId: string; seq: number; at: number }
  | { type: 'accepted'; clientId: string; itemId: string; assignment: number }
  | { type: 'typing'; interactionId: string; on: boolean; who: string; name: string }
  | { type: 'receipt'; interactionId: string; receivedSeq: number; readSeq: number }
  | { type: 'visitor'; interactionId: string; online: boolean }
  | { type: 'case'; interactionId: string; case: Case }
  | { type: 'alert'; alert: Alert }
  | { type: 'alerts'; unread: number }
  | { type: 'job'; job: Job }
  | { type: 'withdrawn'; itemId: string; assignment: number; reason: string }
  | { type: 'calls'; calls: AgentCall[] }
  | { type: 'waiting'; items: WaitingItem[]; more: boolean }
  | { type: 'config' }
  | { type: 'ping' }
  | { type: 'pong' }
  | { type: 'error'; slug: string; detail: string; clientId: string }
  | { type: 'other'; name: string }
