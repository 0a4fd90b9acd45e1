// The agent socket: says hello, beats, reconnects with jittered back-off, and reports how it is.
// It knows nothing of conversations: whoever holds them asks again for what he missed at each
// `hello`. Browsers slow the timers of a hidden page down to one a minute, which would let an
// agent's presence lapse while he works in another window; so the engine's `ping` is answered too.
// Each beat is answered with `pong`: a connection on which nothing comes any more is given up.
import { backoff } from './backoff'
import { frame as parseFrame } from './parse'
import type { Frame } from './wire'

export type LinkState = 'connecting' | 'open' | 'waiting' | 'closed'

export interface Link {
  state: LinkState
  /** When the next attempt is made, in this computer's epoch milliseconds; 0 unless waiting. */
  retryAt: number
}

export interface SocketParts {
  url: () => string
  open: (url: string) => WebSocket
  onFrame: (frame: Frame) => void
  onLink: (link: Link) => void
  /** Called after a failed attempt; false stops trying (nobody is signed in any more). */
  mayRetry: () => Promise<boolean>
  random?: () => number
}

const PROTOCOL_VERSION = 1
/** Close code of a refusal, such as a session that has ended (RFC 6455, section 7.4). */
const POLICY_CODE = 1008
const HELLO_WITHIN_MS = 10_000
/** After so many beats without a word from the engine the connection counts as lost. */
const SILENT_BEATS = 3

export class AgentSocket {
  readonly #parts: SocketParts
  #socket: WebSocket | null = null
  #attempt = 0
  #wanted = false
  #greeted = false
  #heardAt = 0
  #retry: ReturnType<typeof setTimeout> | undefined
  #greeting: ReturnType<typeof setTimeout> | undefined
  #beat: ReturnType<typeof setInterval> | undefined

  constructor(parts: SocketParts) {
    this.#parts = parts
  }

  start(): void {
    if (this.#wanted) return
    this.#wanted = true
    this.#attempt = 0
    this.#connect()
  }

  stop(): void {
    this.#wanted = false
    clearTimeout(this.#retry)
    this.#drop()
    this.#parts.onLink({ state: 'closed', retryAt: 0 })
  }

  /** Try at once instead of at the end of the pause. */
  retryNow(): void {
    if (!this.#wanted || this.#socket) return
    clearTimeout(this.#retry)
    this.#connect()
  }

  /** Give the connection up and make a new one: the network is known to have gone. */
  renew(): void {
    if (!this.#wanted || !this.#socket) return
    this.#drop()
    this.#pause(false)
  }

  /** Send a frame; false when the socket is not open (it is then the caller's to repeat). */
  send(frame: Record<string, unknown>): boolean {
    if (!this.#greeted || this.#socket?.readyState !== 1) return false
    this.#socket.send(JSON.stringify(frame))
    return true
  }

  #connect(): void {
    this.#parts.onLink({ state: 'connecting', retryAt: 0 })
    const socket = this.#parts.open(this.#parts.url())
    this.#socket = socket
    this.#greeted = false
    this.#greeting = setTimeout(() => this.renew(), HELLO_WITHIN_MS)
    socket.onopen = () => socket.send(JSON.stringify({ type: 'hello', v: PROTOCOL_VERSION }))
    socket.onmessage = (event: MessageEvent<unknown>) => {
      if (socket === this.#socket) this.#receive(event.data)
    }
    socket.onclose = (event: CloseEvent) => {
      if (socket !== this.#socket) return
      this.#drop()
      if (this.#wanted) this.#pause(event.code === POLICY_CODE)
    }
  }

  #receive(data: unknown): void {
    let frame: Frame
    try {
      frame = parseFrame(JSON.parse(String(data)))
    } catch {
      return // not JSON: nothing of ours
    }
    this.#heardAt = Date.now()
    if (frame.type === 'hello') this.#greet(frame.heartbeatMs)
    if (frame.type === 'ping') this.send({ type: 'heartbeat' })
    else if (frame.type !== 'pong') this.#parts.onFrame(frame)
  }

  #greet(heartbeatMs: number): void {
    clearTimeout(this.#greeting)
    this.#greeted = true
    this.#attempt = 0
    clearInterval(this.#beat)
    this.#beat = setInterval(() => {
      if (Date.now() - this.#heardAt > SILENT_BEATS * heartbeatMs) this.renew()
      else this.send({ type: 'heartbeat' })
    }, heartbeatMs)
    this.#parts.onLink({ state: 'open', retryAt: 0 })
  }

  #drop(): void {
    clearTimeout(this.#greeting)
    clearInterval(this.#beat)
    const socket = this.#socket
    this.#socket = null
    this.#greeted = false
    if (socket && socket.readyState <= 1) socket.close()
  }

  #pause(refused: boolean): void {
    const ms = backoff(this.#attempt, { baseMs: 400, capMs: 10_000 }, this.#parts.random)
    this.#attempt += 1
    this.#parts.onLink({ state: 'waiting', retryAt: Date.now() + ms })
    clearTimeout(this.#retry)
    this.#retry = setTimeout(() => void this.#again(refused), ms)
  }

  async #again(refused: boolean): Promise<void> {
    const allowed = (this.#attempt < 2 && !refused) || (await this.#parts.mayRetry())
    if (!this.#wanted || this.#socket) return
    if (allowed) this.#connect()
    else this.stop()
  }
}

/** Tell the address of the agent socket beside this page. */
export function socketAddress(): string {
  const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:'
  return `${scheme}//${location.host}/api/v1/agent/socket`
}
