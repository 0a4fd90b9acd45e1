// The transcript as one visitor sees it: entries in the order of their sequence numbers, each once,
// then what this visitor wrote and the engine has not confirmed yet.
//
// `lastSeq` counts `entry` frames only, never acknowledgements: an ack may overtake an earlier line
// of the agent, and resuming after the ack's number would lose that line.

import type { WireEntry } from './protocol'

export type LineState = '' | 'sending' | 'sent' | 'delivered' | 'read' | 'failed'

export interface Line {
  readonly key: string
  readonly seq: number // 0 = not confirmed yet
  readonly kind: string
  readonly author: 'visitor' | 'agent' | 'system'
  readonly name: string
  readonly body: string
  readonly at: number // ms since 1970; 0 = unknown
  readonly state: LineState
}

export interface Pending {
  readonly clientId: string
  readonly body: string
  readonly at: number
}

interface Unconfirmed extends Pending {
  ackedSeq: number // 0 = no ack yet
  failed: boolean
}

export class Transcript {
  lastSeq = 0
  readonly #entries = new Map<number, WireEntry>()
  readonly #pending: Unconfirmed[] = []
  #deliveredSeq = 0
  #readSeq = 0

  /** Add a line the engine sent; false when it was here before. */
  insert(entry: WireEntry): boolean {
    if (entry.client_id !== '' && entry.author === 'visitor') this.#drop(entry.client_id)
    this.#dropAcked(entry.seq)
    if (this.#entries.has(entry.seq)) return false
    this.#entries.set(entry.seq, entry)
    this.lastSeq = Math.max(this.lastSeq, entry.seq)
    return true
  }

  /** Show a line before the engine has confirmed it. */
  pend(pending: Pending): void {
    if (this.#pending.some((line) => line.clientId === pending.clientId)) return
    this.#pending.push({ ...pending, ackedSeq: 0, failed: false })
  }

  /** Note that the engine has committed a line as `seq`. */
  acknowledge(clientId: string, seq: number): void {
    if (this.#entries.has(seq)) this.#drop(clientId)
    const line = this.#pending.find((candidate) => candidate.clientId === clientId)
    if (line) line.ackedSeq = seq
  }

  /** Mark what will never be confirmed: one message, or all that are not. */
  fail(clientId = ''): void {
    for (const line of this.#pending) {
      if (line.ackedSeq === 0 && (clientId === '' || clientId === line.clientId)) line.failed = true
    }
  }

  receipt(deliveredSeq: number, readSeq: number): void {
    this.#readSeq = Math.max(this.#readSeq, readSeq)
    this.#deliveredSeq = Math.max(this.#deliveredSeq, deliveredSeq, this.#readSeq)
  }

  /** Count what others wrote after `seq`. */
  unread(seq: number): number {
    let count = 0
    for (const entry of this.#entries.values()) {
      if (entry.seq > seq && entry.author === 'agent' && entry.kind === 'message') count += 1
    }
    return count
  }

  /** Name the agent who is in the chat now; "" when nobody is. */
  agent(): string {
    let name = ''
    for (const entry of this.#sorted()) {
      if (entry.kind === 'joined') name = entry.name || '…'
      else if (entry.kind === 'left' || entry.kind === 'ended') name = ''
    }
    return name
  }

  lines(): readonly Line[] {
    const confirmed = this.#sorted().map((entry): Line => ({
      key: String(entry.seq),
      seq: entry.seq,
      kind: entry.kind,
      author: entry.kind === 'message' ? entry.author : 'system',
      name: entry.name,
      body: entry.body,
      at: Date.parse(entry.at) || 0,
      state: entry.author === 'visitor' ? this.#stateOf(entry.seq) : '',
    }))
    return [...confirmed, ...this.#pending.map((line) => this.#unconfirmed(line))]
  }

  #unconfirmed(line: Unconfirmed): Line {
    const state = line.failed ? 'failed' : line.ackedSeq > 0 ? this.#stateOf(line.ackedSeq) : 'sending'
    return {
      key: line.clientId,
      seq: line.ackedSeq,
      kind: 'message',
      author: 'visitor',
      name: '',
      body: line.body,
      at: line.at,
      state,
    }
  }

  #stateOf(seq: number): LineState {
    if (seq <= this.#readSeq) return 'read'
    return seq <= this.#deliveredSeq ? 'delivered' : 'sent'
  }

  #sorted(): WireEntry[] {
    return [...this.#entries.values()].sort((one, other) => one.seq - other.seq)
  }

  #drop(clientId: string): void {
    const index = this.#pending.findIndex((line) => line.clientId === clientId)
    if (index >= 0) this.#pending.splice(index, 1)
  }

  #dropAcked(seq: number): void {
    const index = this.#pending.findIndex((line) => line.ackedSeq === seq)
    if (index >= 0) this.#pending.splice(index, 1)
  }
}
