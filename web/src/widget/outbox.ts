// The visitor's messages on their way: kept until acknowledged, sent again after every resume, in order, never faster
// than the engine allows.

import type { Memory } from './memory'
import { Bucket } from './pacing'
import type { Timers } from './timers'
import type { Pending } from './transcript'

const BURST = 8 // the engine's default is 10, then 2 a second
const PER_SECOND = 1.6

interface Queued extends Pending {
  sent: boolean
}

export class Outbox {
  #queue: Queued[] = []
  #order = 0
  readonly #bucket: Bucket
  readonly #memory: Memory
  readonly #timers: Timers
  readonly #now: () => number
  readonly #transmit: (message: Pending) => void

  constructor(
    memory: Memory,
    timers: Timers,
    now: () => number,
    transmit: (message: Pending) => void,
  ) {
    this.#memory = memory
    this.#timers = timers
    this.#now = now
    this.#transmit = transmit
    this.#bucket = new Bucket(BURST, PER_SECOND, now())
  }

  add(token: string, pending: Pending): void {
    this.#order += 1
    this.#memory.keepUnsent(token, pending, this.#order)
    this.#queue.push({ ...pending, sent: false })
  }

  /** Take up what an earlier page or another tab could not get through. */
  load(token: string): readonly Pending[] {
    const unsent = this.#memory.unsent(token)
    this.#queue = unsent.map((pending) => ({ ...pending, sent: false }))
    return unsent
  }

  settle(clientId: string): void {
    if (clientId === '') return
    this.#memory.sent(clientId)
    this.#queue = this.#queue.filter((message) => message.clientId !== clientId)
  }

  /** Consider nothing sent: the connection it went out on is gone. */
  rewind(): void {
    for (const message of this.#queue) message.sent = false
  }

  flush(): void {
    for (const message of this.#queue) {
      if (message.sent) continue
      const wait = this.#bucket.take(this.#now())
      if (wait > 0) return this.#timers.set('flush', wait, () => this.flush())
      message.sent = true
      this.#transmit(message)
    }
  }

  hold(): void {
    this.#timers.cancel('flush')
  }

  slowDown(): void {
    this.#bucket.empty(this.#now())
  }

  /** Give up the longest message in flight, which the engine called too large; answers its id. */
  giveUpLongest(): string {
    const flying = this.#queue.filter((message) => message.sent)
    flying.sort((one, other) => other.body.length - one.body.length)
    const clientId = flying[0]?.clientId ?? ''
    this.settle(clientId)
    return clientId
  }

  clear(): void {
    for (const message of [...this.#queue]) this.settle(message.clientId)
  }
}
