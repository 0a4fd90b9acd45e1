// One connection at a time to the engine, dialled again for as long as it is wanted.
//
// A half-open connection is found by a ping that nobody answers; a handshake that does not finish is given up.

import { Backoff } from './pacing'
import type { ClientFrame, ServerFrame } from './protocol'
import { parseFrame } from './protocol'
import type { Timers } from './timers'

export interface SocketPort {
  onopen: (() => void) | null
  onmessage: ((data: unknown) => void) | null
  onclose: ((code: number) => void) | null
  send(text: string): void
  close(): void
}

export type Connection = 'idle' | 'connecting' | 'online' | 'waiting'

export interface LinkOwner {
  greet(): void
  receive(frame: ServerFrame): void
  connectionChanged(): void
}

const PING_MS = 25_000
const PONG_MS = 10_000
const HANDSHAKE_MS = 12_000
const POLICY_CLOSE = 1008 // we did something wrong: not at once again
const POLICY_WAIT_MS = 2_000

export class Link {
  connection: Connection = 'idle'
  #socket: SocketPort | null = null
  #atLeast = 0
  readonly #backoff: Backoff
  readonly #connect: () => SocketPort
  readonly #timers: Timers
  readonly #owner: LinkOwner

  constructor(
    connect: () => SocketPort,
    timers: Timers,
    random: () => number,
    owner: LinkOwner,
  ) {
    this.#connect = connect
    this.#timers = timers
    this.#owner = owner
    this.#backoff = new Backoff(random)
  }

  get ready(): boolean {
    return this.connection === 'online'
  }

  dial(): void {
    this.hangUp()
    this.connection = 'connecting'
    const socket = this.#connect()
    this.#socket = socket
    socket.onopen = () => this.#owner.greet()
    socket.onmessage = (data) => this.#heard(data)
    socket.onclose = (code) => this.#dropped(code)
    this.#timers.set('handshake', HANDSHAKE_MS, () => this.#dropped(1006))
    this.#owner.connectionChanged()
  }

  /** The engine has opened or resumed the chat on this connection. */
  established(): void {
    this.#timers.cancel('handshake')
    this.#backoff.reset()
    this.#atLeast = 0
    this.connection = 'online'
  }

  send(frame: ClientFrame): void {
    this.#socket?.send(JSON.stringify(frame))
  }

  /** Keep away at least this long after the connection drops. */
  holdOff(ms: number): void {
    this.#atLeast = Math.max(this.#atLeast, ms)
  }

  /** The network or the page came back: dial at once, or make sure that the line still stands. */
  hurry(): void {
    if (this.connection === 'waiting') this.dial()
    else if (this.ready) this.#ping()
  }

  hangUp(): void {
    for (const name of ['handshake', 'ping', 'dial']) this.#timers.cancel(name)
    const socket = this.#socket
    this.#socket = null
    this.connection = 'idle'
    if (!socket) return
    socket.onopen = socket.onmessage = socket.onclose = null
    socket.close()
  }

  #heard(data: unknown): void {
    this.#timers.set('ping', PING_MS, () => this.#ping())
    const frame = parseFrame(data)
    if (frame) this.#owner.receive(frame)
  }

  #ping(): void {
    this.send({ type: 'ping' })
    this.#timers.set('ping', PONG_MS, () => this.#dropped(1006))
  }

  #dropped(code: number): void {
    this.hangUp()
    this.connection = 'waiting'
    const least = code === POLICY_CLOSE ? Math.max(this.#atLeast, POLICY_WAIT_MS) : this.#atLeast
    this.#atLeast = 0
    this.#timers.set('dial', this.#backoff.next(least), () => this.dial())
    this.#owner.connectionChanged()
  }
}
