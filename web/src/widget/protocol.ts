// The visitor's side of the chat protocol: frames as they travel, and what may be trusted of them.
// Unknown frame types and unknown fields are ignored, so that an older widget survives a newer engine.

export const PROTOCOL_VERSION = 1

export interface VisitorForm {
  readonly name: string
  readonly email: string
  readonly topic: string
  readonly phone?: string // asks to be called back
}

export type ClientFrame =
  | {
      readonly type: 'open' | 'leave'
      readonly v: number
      readonly token: string
      readonly locale: string
      readonly form: VisitorForm
      readonly callback?: boolean
      readonly client_id?: string
      readonly body?: string
    }
  | { readonly type: 'resume'; readonly v: number; readonly token: string; readonly last_seq: number }
  | { readonly type: 'message'; readonly client_id: string; readonly body: string }
  | { readonly type: 'typing'; readonly on: boolean }
  | { readonly type: 'received' | 'read'; readonly seq: number }
  | { readonly type: 'end' | 'ping' }

export interface WireEntry {
  readonly seq: number
  readonly kind: string
  readonly author: 'visitor' | 'agent' | 'system'
  readonly name: string
  readonly body: string
  readonly at: string
  readonly client_id: string
}

export interface ServerFrame {
  readonly type: string
  readonly [field: string]: unknown
}

export interface Choice {
  readonly key: string
  readonly name: string
}

/** Texts by language; empty where there is one for everybody. */
type Texts = Readonly<Record<string, unknown>>

/** What the engine tells about a channel before a chat begins. */
export interface ChannelInfo {
  readonly name: string
  readonly greeting: string
  readonly topics: readonly Choice[]
  readonly state: 'open' | 'closed' | 'unstaffed'
  readonly absence: Absence // where the state is not open
  readonly messageBytes: number
}

/** What is offered where no chat can be. */
export type Instead = 'message' | 'callback' | 'later'

/** Why no chat can be, and what is offered instead. */
export interface Absence {
  readonly offlineReason: 'closed' | 'unstaffed'
  readonly instead: Instead
  readonly note: string // what the queue says of it, "" = nothing of its own
  readonly after: string // token of the chat that was turned away, "" = none was
}

export const DEFAULT_MESSAGE_BYTES = 4096

export function text(value: unknown, otherwise = ''): string {
  return typeof value === 'string' ? value : otherwise
}

export function whole(value: unknown, otherwise = 0): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : otherwise
}

export function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

/** Read one frame; `null` when it is no JSON object with a type. */
export function parseFrame(data: unknown): ServerFrame | null {
  if (typeof data !== 'string') return null
  try {
    const frame = record(JSON.parse(data))
    return typeof frame['type'] === 'string' ? (frame as ServerFrame) : null
  } catch {
    return null
  }
}

/** Read a transcript line; `null` when it has no place in the order. */
export function parseEntry(value: unknown): WireEntry | null {
  const entry = record(value)
  const seq = whole(entry['seq'])
  const kind = text(entry['kind'], 'message')
  // An agent's coming and going is told by the engine in his name; to the visitor it is a line about him.
  const author = kind === 'message' ? entry['author'] : 'system'
  if (seq < 1 || (author !== 'visitor' && author !== 'agent' && author !== 'system')) return null
  return {
    seq,
    author,
    kind,
    name: text(entry['name']),
    body: text(entry['body']),
    at: text(entry['at']),
    client_id: text(entry['client_id']),
  }
}

/** Tell by the fields of the form what is offered; an engine that names none to choose from means a message. */
export function insteadOf(form: unknown): Instead {
  if (!Array.isArray(form)) return 'message'
  return form.length === 0 ? 'later' : form.includes('phone') ? 'callback' : 'message'
}

export function absence(reason: unknown, instead: Instead, note: unknown, after = ''): Absence {
  return { offlineReason: reason === 'closed' ? reason : 'unstaffed', instead, note: text(note), after }
}

/** Read a wait as people say it, in minutes: "2–4"; empty when none was told. */
export function minutes(value: unknown): string {
  const [low, high] = ['low_ms', 'high_ms'].map((name) => whole(record(value)[name]) / 60_000) as [number, number]
  return high === 0 ? '' : low === 0 || low === high ? `${high}` : `${low}–${high}`
}

export function messageBytes(value: unknown): number {
  return whole(record(value)['message_bytes']) || DEFAULT_MESSAGE_BYTES
}

/** Read the answer of `GET /chat/{org}/{channel}`, its texts in `locale` where they are written in it. */
export function parseInfo(value: unknown, locale: string): ChannelInfo {
  const info = record(value)
  const said = (one: Texts, plain: string, several: string): string =>
    text(record(one[several])[locale]) || text(one[plain])
  const topics = Array.isArray(info['topics']) ? (info['topics'] as readonly unknown[]) : []
  const state = info['state']
  return {
    name: said(info, 'name', 'names'),
    greeting: said(info, 'greeting', 'greetings'),
    topics: topics
      .map((topic) => ({ key: text(record(topic)['key']), name: said(record(topic), 'name', 'names') }))
      .filter((topic) => topic.key !== ''),
    absence: absence(state, insteadOf(info['form']), said(info, 'text', 'texts')),
    state: state === 'closed' || state === 'unstaffed' ? state : 'open',
    messageBytes: messageBytes(info['limits']),
  }
}
