// Turns what the engine sends into the pages' nouns. An unknown field is left alone, a missing one
// gets a harmless value, so that page and engine may be one release apart.
import { agentCall } from './calls'
import type * as wire from './wire'

type Raw = Record<string, unknown>

export function record(value: unknown): Raw {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Raw) : {}
}

export function text(value: unknown): string {
  if (typeof value === 'string') return value
  return typeof value === 'number' ? String(value) : ''
}

export function count(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0
}

export function flag(value: unknown, missing = false): boolean {
  return typeof value === 'boolean' ? value : missing
}

/** Read an RFC 3339 string; 0 when there is no time. */
export function moment(value: unknown): number {
  if (typeof value !== 'string') return 0
  const parsed = Date.parse(value)
  return Number.isNaN(parsed) ? 0 : parsed
}

export function time(raw: Raw, stem: string): number {
  return moment(raw[`${stem}_at`])
}

/** Read a list, bare or as a page with ``items``. */
export function list(value: unknown): unknown[] {
  if (Array.isArray(value)) return value
  const items = record(value)['items']
  return Array.isArray(items) ? items : []
}

function oneOf<T extends string>(value: unknown, allowed: readonly T[], missing: T): T {
  return allowed.find((one) => one === value) ?? missing
}

const ENTRY_KINDS =
  ['message', 'note', 'joined', 'left', 'transferred', 'warning', 'ended', 'call'] as const
const CASE_STATUSES = ['new', 'open', 'waiting', 'resolved', 'closed'] as const
const STATUS_KINDS = ['available', 'break', 'offline'] as const

export function user(value: unknown): wire.User {
  const raw = record(value)
  return {
    id: text(raw['id']),
    login: text(raw['login']),
    name: text(raw['name']) || text(raw['login']),
    role: oneOf(raw['role'], ['agent', 'supervisor', 'admin'] as const, 'agent'),
    locale: text(raw['locale']),
  }
}

export function organisation(value: unknown): wire.Organisation {
  const raw = record(value)
  const id = text(raw['id'])
  return { id, name: text(raw['name']) || id, locale: text(raw['locale']) }
}

export function signed(value: unknown): wire.Signed {
  const raw = record(value)
  return {
    user: user(raw['user']),
    csrf: text(raw['csrf']),
    organisation: organisation(raw['organisation']),
  }
}

function named(value: unknown): wire.Named {
  const raw = record(value)
  const names = Object.entries(record(raw['names'])).map(([language, name]) => [language, text(name)])
  return {
    key: text(raw['key']),
    name: text(raw['name']) || text(raw['key']),
    ...(names.length > 0 && { names: Object.fromEntries(names) as Record<string, string> }),
  }
}

function presenceStatus(value: unknown): wire.PresenceStatus {
  const raw = record(value)
  return {
    ...named(value),
    kind: oneOf(raw['kind'], STATUS_KINDS, 'available'),
    channels: list(raw['channels']).map(text),
  }
}

export function entry(value: unknown): wire.Entry {
  const raw = record(value)
  return {
    id: text(raw['id']),
    seq: count(raw['seq']),
    kind: oneOf(raw['kind'], ENTRY_KINDS, 'message'),
    author: oneOf(raw['author'], ['visitor', 'agent', 'system'] as const, 'system'),
    authorId: text(raw['author_id']),
    name: text(raw['name']),
    clientId: text(raw['client_id']),
    body: text(raw['body']),
    at: moment(raw['at']),
    data: record(raw['data']),
  }
}

export function interaction(value: unknown): wire.Interaction {
  const raw = record(value)
  return {
    id: text(raw['id']),
    channel: text(raw['channel']),
    topic: text(raw['topic']),
    locale: text(raw['locale']),
    state: oneOf(raw['state'], ['open', 'closed'] as const, 'open'),
    contactId: text(raw['contact_id']),
    caseId: text(raw['case_id']),
    lastSeq: count(raw['last_seq']),
    agentReadSeq: count(raw['agent_read_seq']),
    openedAt: time(raw, 'opened'),
    closedAt: time(raw, 'closed'),
    closeReason: text(raw['close_reason']),
  }
}

export function contact(value: unknown): wire.Contact {
  const raw = record(value)
  return {
    id: text(raw['id']),
    name: text(raw['name']),
    email: text(raw['email']),
    language: text(raw['language']),
    createdAt: time(raw, 'created'),
  }
}

export function kase(value: unknown): wire.Case {
  const raw = record(value)
  return {
    id: text(raw['id']),
    number: count(raw['number']),
    subject: text(raw['subject']),
    contactId: text(raw['contact_id']),
    contactName: text(raw['contact_name']),
    status: text(raw['status']),
    priority: count(raw['priority']),
    queue: text(raw['queue']),
    ownerId: text(raw['owner_id']),
    ownerName: text(raw['owner_name']),
    origin: text(raw['origin']),
    topic: text(raw['topic']),
    version: count(raw['version']),
    openedAt: time(raw, 'opened'),
    updatedAt: time(raw, 'updated'),
    closedAt: time(raw, 'closed'),
    escalatedAt: time(raw, 'escalated'),
  }
}

function perhapsCase(value: unknown): wire.Case | null {
  return record(value)['id'] ? kase(value) : null
}

function caseEvent(value: unknown): wire.CaseEvent {
  const raw = record(value)
  return {
    id: text(raw['id']),
    caseId: text(raw['case_id']),
    at: moment(raw['at']),
    kind: text(raw['kind']),
    actorId: text(raw['actor_id']),
    actorName: text(raw['actor_name']),
    data: record(raw['data']),
  }
}

function timelineLine(value: unknown): wire.TimelineLine {
  const raw = record(value)
  if (raw['type'] === 'interaction') {
    const inner = interaction(raw['interaction'])
    const entries = list(raw['entries']).map(entry)
    return { type: 'interaction', at: inner.openedAt, interaction: inner, entries }
  }
  const event = caseEvent(raw['event'])
  return { type: 'event', at: event.at, event }
}

/** Read a case with its timeline, oldest line first; a case alone has none. */
export function caseDetail(value: unknown): wire.CaseDetail {
  const raw = record(value)
  const lines = list(raw['timeline']).map(timelineLine)
  return {
    case: kase(raw['case'] ?? value),
    contact: raw['contact'] ? contact(raw['contact']) : null,
    timeline: lines.sort((one, other) => one.at - other.at),
  }
}

export function contactDetail(value: unknown): wire.ContactDetail {
  const raw = record(value)
  return {
    contact: contact(raw['contact']),
    interactions: list(raw['interactions'])
      .map(interaction)
      .sort((one, other) => other.openedAt - one.openedAt),
  }
}

function work(value: unknown): wire.Work | null {
  if (typeof value !== 'object' || value === null) return null
  const raw = record(value)
  const details = Object.entries(record(raw['details'])).map(([key, one]) => [key, text(one)])
  return {
    kind: text(raw['kind']),
    reference: text(raw['reference']),
    details: Object.fromEntries(details) as Record<string, string>,
    parentId: text(raw['parent_id']),
    askedBy: text(raw['asked_by']),
    caseId: text(raw['case_id']),
  }
}

function offer(value: unknown): wire.Offer {
  const raw = record(value)
  const inner = record(raw['interaction'])
  return {
    itemId: text(raw['item_id']),
    assignment: count(raw['assignment']),
    queue: text(raw['queue']),
    offeredAt: time(raw, 'offered'),
    expiresAt: time(raw, 'expires'),
    interactionId: text(inner['id']),
    channel: text(inner['channel']),
    topic: text(inner['topic']),
    locale: text(inner['locale']),
    contactName: text(record(raw['contact'])['name']),
    preview: text(raw['preview']),
    work: work(raw['work']),
  }
}

function heldItem(value: unknown): wire.HeldItem {
  const raw = record(value)
  return {
    itemId: text(raw['item_id']),
    assignment: count(raw['assignment']),
    state: oneOf(raw['state'], ['active', 'wrapup', 'parked'] as const, 'active'),
    queue: text(raw['queue']),
    since: moment(raw['since']),
    deadline: moment(raw['deadline']),
    interactionId: text(raw['interaction_id']),
    kind: text(raw['kind']),
    canPark: flag(raw['can_park']),
    extensionsLeft: count(raw['extensions_left']),
    extendMs: count(raw['extend_ms']),
    work: work(raw['work']),
  }
}

function waitingItem(value: unknown): wire.WaitingItem {
  const raw = record(value)
  return {
    itemId: text(raw['item_id']),
    queue: text(raw['queue']),
    kind: text(raw['kind']),
    priority: count(raw['priority']),
    since: moment(raw['since']),
    name: text(raw['name']),
    topic: text(raw['topic']),
    mine: flag(raw['mine']),
  }
}

export function workItem(value: unknown): wire.WorkItem {
  const raw = record(value)
  return {
    id: text(raw['id']),
    kind: text(raw['kind']),
    queue: text(raw['queue']),
    state: text(raw['state']),
    priority: count(raw['priority']),
    agentId: text(raw['agent_id']),
    assignment: count(raw['assignment']),
    createdAt: time(raw, 'created'),
    reference: text(raw['reference']),
    preferredAgent: text(raw['preferred_agent']),
  }
}

const MODES = ['open', 'paused', 'draining'] as const

function queueDestination(value: unknown): wire.QueueDestination {
  const raw = record(value)
  return {
    ...named(value),
    mode: oneOf(raw['mode'], MODES, 'open'),
    closed: flag(raw['closed']),
    waiting: count(raw['waiting']),
  }
}

function agentDestination(value: unknown): wire.AgentDestination {
  const raw = record(value)
  return {
    id: text(raw['id']),
    name: text(raw['name']),
    statusName: text(raw['status_name']),
    statusKind: oneOf(raw['status_kind'], STATUS_KINDS, 'offline'),
    connected: flag(raw['connected']),
    used: count(raw['used']),
    units: count(raw['units']),
  }
}

/** Read whom work can be handed to. */
export function destinations(value: unknown): wire.Destinations {
  const raw = record(value)
  return {
    queues: list(raw['queues']).map(queueDestination),
    agents: list(raw['agents']).map(agentDestination),
  }
}

function visitor(value: unknown): wire.Visitor {
  const raw = record(value)
  return {
    online: flag(raw['online'], true),
    receivedSeq: count(raw['received_seq']),
    readSeq: count(raw['read_seq']),
  }
}

export function alert(value: unknown): wire.Alert {
  const raw = record(value)
  return {
    id: text(raw['id']),
    kind: text(raw['kind']),
    at: moment(raw['at']),
    data: record(raw['data']),
    acknowledgedAt: time(raw, 'acknowledged'),
  }
}

export function job(value: unknown): wire.Job {
  const raw = record(value)
  return {
    id: text(raw['id']),
    kind: text(raw['kind']),
    state: (text(raw['state']) || 'waiting') as wire.Job['state'],
    total: count(raw['total']),
    done: count(raw['done']),
    failed: count(raw['failed']),
    askedBy: text(raw['asked_by']),
    askedAt: time(raw, 'asked'),
    endedAt: time(raw, 'ended'),
  }
}

function share(value: unknown, usual: number): number {
  return typeof value === 'number' ? value : usual
}

function queueLine(value: unknown): wire.QueueLine {
  const raw = record(value)
  const level = raw['service_level']
  return {
    ...named(value),
    waiting: count(raw['waiting']),
    longestWaitMs: count(raw['longest_wait_ms']),
    offered: count(raw['offered']),
    active: count(raw['active']),
    wrapup: count(raw['wrapup']),
    parked: count(raw['parked']),
    mode: oneOf(raw['mode'], MODES, 'open'),
    closed: flag(raw['closed']),
    waitLowMs: count(raw['wait_low_ms']),
    waitHighMs: count(raw['wait_high_ms']),
    waitInside: typeof raw['wait_inside'] === 'number' ? raw['wait_inside'] : null,
    serviceLevel: typeof level === 'number' ? level : null,
    goal: share(raw['goal'], 0.8),
    least: share(raw['least'], 0.6),
    offeredToday: count(raw['offered_today']),
    answeredToday: count(raw['answered_today']),
    abandonedToday: count(raw['abandoned_today']),
  }
}

function agentLine(value: unknown): wire.AgentLine {
  const raw = record(value)
  return {
    id: text(raw['id']),
    name: text(raw['name']),
    status: text(raw['status']),
    statusName: text(raw['status_name']) || text(raw['status']),
    statusKind: oneOf(raw['status_kind'], STATUS_KINDS, 'offline'),
    since: moment(raw['since']),
    connected: flag(raw['connected']),
    used: count(raw['used']),
    units: count(raw['units']),
    items: count(raw['items']),
  }
}

/** Read where cases can stand. */
export function caseStatuses(value: unknown): wire.CaseStatusSetup[] {
  return list(record(value)['case_statuses']).map((one) => ({
    ...named(one),
    kind: oneOf(record(one)['kind'], CASE_STATUSES, 'open'),
    to: list(record(one)['to']).map(text),
  }))
}

/** Read the lists the organisation configures: statuses, queues, dispositions. */
export function lists(value: unknown): wire.Lists {
  const raw = record(value)
  return {
    statuses: list(raw['statuses']).map(presenceStatus),
    queues: list(raw['queues']).map(named),
    dispositions: list(raw['dispositions']).map(named),
    skills: list(raw['skills']).map(named),
    declineReasons: list(raw['decline_reasons']).map(named),
  }
}

function hello(raw: Raw): wire.HelloFrame {
  return {
    type: 'hello',
    user: user(raw['user']),
    organisation: organisation(raw['organisation']),
    ...lists(raw),
    heartbeatMs: count(raw['heartbeat_ms']) || 5_000,
  }
}

function state(raw: Raw): wire.StateFrame {
  const status = record(raw['status'])
  const load = record(raw['load'])
  return {
    type: 'state',
    status: { key: text(status['key']), since: moment(status['since']) },
    connected: flag(raw['connected'], true),
    load: { used: count(load['used']), units: count(load['units']) },
    offers: list(raw['offers']).map(offer),
    items: list(raw['items']).map(heldItem),
  }
}

function conversation(raw: Raw): wire.ConversationFrame {
  return {
    type: 'conversation',
    interaction: interaction(raw['interaction']),
    contact: contact(raw['contact']),
    case: perhapsCase(raw['case']),
    itemId: text(raw['item_id']),
    entries: list(raw['entries']).map(entry),
    visitor: visitor(raw['visitor']),
  }
}

function board(raw: Raw): wire.BoardFrame {
  return {
    type: 'board',
    at: moment(raw['at']),
    queues: list(raw['queues']).map(queueLine),
    agents: list(raw['agents']).map(agentLine),
  }
}

function small(raw: Raw): wire.Frame {
  const interactionId = text(raw['interaction_id'])
  switch (raw['type']) {
    case 'entry':
      return { type: 'entry', interactionId, entry: entry(raw['entry']) }
    case 'ack':
      return {
        type: 'ack', interactionId, clientId: text(raw['client_id']),
        seq: count(raw['seq']), at: moment(raw['at']),
      }
    case 'accepted':
      return {
        type: 'accepted', clientId: text(raw['client_id']),
        itemId: text(raw['item_id']), assignment: count(raw['assignment']),
      }
    case 'typing':
      return {
        type: 'typing', interactionId, on: flag(raw['on']),
        who: text(raw['who']), name: text(raw['name']),
      }
    case 'receipt':
      return {
        type: 'receipt', interactionId,
        receivedSeq: count(raw['received_seq']), readSeq: count(raw['read_seq']),
      }
    case 'visitor':
      return { type: 'visitor', interactionId, online: flag(raw['online']) }
    case 'case':
      return { type: 'case', interactionId, case: kase(raw['case']) }
    case 'alert':
      return { type: 'alert', alert: alert(raw) }
    case 'alerts':
      return { type: 'alerts', unread: count(raw['unread']) }
    case 'job':
      return { type: 'job', job: job(raw) }
    case 'withdrawn':
      return {
        type: 'withdrawn', itemId: text(raw['item_id']),
        assignment: count(raw['assignment']), reason: text(raw['reason']),
      }
    case 'calls':
      return { type: 'calls', calls: list(raw['calls']).map(agentCall) }
    case 'waiting':
      return { type: 'waiting', items: list(raw['items']).map(waitingItem), more: flag(raw['more']) }
    case 'config':
      return { type: 'config' }
    case 'ping':
      return { type: 'ping' }
    case 'pong':
      return { type: 'pong' }
    case 'error':
      return {
        type: 'error', slug: text(raw['slug']), detail: text(raw['detail']),
        clientId: text(raw['client_id']),
      }
    default:
      return { type: 'other', name: text(raw['type']) }
  }
}

export function frame(value: unknown): wire.Frame {
  const raw = record(value)
  switch (raw['type']) {
    case 'hello':
      return hello(raw)
    case 'state':
      return state(raw)
    case 'conversation':
      return conversation(raw)
    case 'board':
      return board(raw)
    default:
      return small(raw)
  }
}
