// What outlives a page: the session's token and the messages not yet acknowledged, per organisation and channel.
// Lies in localStorage, where all tabs see it; in memory when the browser forbids that. Each unacknowledged
// message has a key of its own, so that two tabs never overwrite one another's.

import type { VisitorForm } from './protocol'
import { record, text, whole } from './protocol'
import type { Pending } from './transcript'

export type SessionStage = 'opening' | 'open' | 'leaving' | 'ended'

export interface Session {
  readonly token: string
  readonly stage: SessionStage
  readonly form: VisitorForm
  readonly clientId: string // of the first message or of the message left
  readonly body: string
  readonly readSeq: number
}

/** The part of the browser's Storage that is used. */
export interface KeyValue {
  readonly length: number
  key(index: number): string | null
  getItem(key: string): string | null
  setItem(key: string, value: string): void
  removeItem(key: string): void
}

class Volatile implements KeyValue {
  readonly #values = new Map<string, string>()
  get length(): number {
    return this.#values.size
  }
  key(index: number): string | null {
    return [...this.#values.keys()][index] ?? null
  }
  getItem(key: string): string | null {
    return this.#values.get(key) ?? null
  }
  setItem(key: string, value: string): void {
    this.#values.set(key, value)
  }
  removeItem(key: string): void {
    this.#values.delete(key)
  }
}

/** Find a storage that can be written to. */
export function usableStorage(candidate: () => KeyValue): KeyValue {
  try {
    const storage = candidate()
    storage.setItem('cordboard:probe', '1')
    storage.removeItem('cordboard:probe')
    return storage
  } catch {
    return new Volatile()
  }
}

const STAGES: readonly string[] = ['opening', 'open', 'leaving', 'ended']

function read(json: string | null): Record<string, unknown> {
  try {
    return record(JSON.parse(json ?? 'null'))
  } catch {
    return {}
  }
}

export class Memory {
  readonly sessionKey: string
  readonly #pendingPrefix: string
  readonly #storage: KeyValue

  constructor(
    storage: KeyValue,
    org: string,
    channel: string,
  ) {
    this.#storage = storage
    this.sessionKey = `cordboard:${org}:${channel}`
    this.#pendingPrefix = `${this.sessionKey}:unsent:`
  }

  session(): Session | null {
    const value = read(this.#storage.getItem(this.sessionKey))
    const token = text(value['token'])
    const stage = text(value['stage'])
    if (token === '' || !STAGES.includes(stage)) return null
    const form = record(value['form'])
    return {
      token,
      stage: stage as SessionStage,
      form: {
        name: text(form['name']),
        email: text(form['email']),
        topic: text(form['topic']),
        ...(form['phone'] === undefined ? {} : { phone: text(form['phone']) }),
      },
      clientId: text(value['clientId']),
      body: text(value['body']),
      readSeq: whole(value['readSeq']),
    }
  }

  keep(session: Session): void {
    this.#write(this.sessionKey, JSON.stringify(session))
  }

  forget(): void {
    this.#storage.removeItem(this.sessionKey)
    for (const key of this.#pendingKeys()) this.#storage.removeItem(key)
  }

  /** Read the messages of this session that no engine has acknowledged, oldest first. */
  unsent(token: string): readonly Pending[] {
    return this.#pendingKeys()
      .map((key) => read(this.#storage.getItem(key)))
      .filter((value) => value['token'] === token)
      .map((value) => ({
        clientId: text(value['clientId']),
        body: text(value['body']),
        at: whole(value['at']),
        order: whole(value['order']),
      }))
      .sort((one, other) => one.at - other.at || one.order - other.order)
  }

  keepUnsent(token: string, pending: Pending, order: number): void {
    this.#write(this.#pendingPrefix + pending.clientId, JSON.stringify({ token, order, ...pending }))
  }

  sent(clientId: string): void {
    this.#storage.removeItem(this.#pendingPrefix + clientId)
  }

  #pendingKeys(): string[] {
    const keys: string[] = []
    for (let index = 0; index < this.#storage.length; index += 1) {
      const key = this.#storage.key(index)
      if (key?.startsWith(this.#pendingPrefix)) keys.push(key)
    }
    return keys
  }

  #write(key: string, value: string): void {
    try {
      this.#storage.setItem(key, value)
    } catch {
      // The quota is full: the chat goes on, only a reload would forget this.
    }
  }
}
