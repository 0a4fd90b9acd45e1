// A world for the protocol client: fake sockets, a clock that moves when told, a storage, an engine's answers.

import type { ChatState, Ports } from '@/widget/client'
import { ChatClient } from '@/widget/client'
import type { SocketPort } from '@/widget/link'
import type { KeyValue } from '@/widget/memory'
import { Memory, usableStorage } from '@/widget/memory'

type Frame = Record<string, unknown>

export class FakeSocket implements SocketPort {
  onopen: (() => void) | null = null
  onmessage: ((data: unknown) => void) | null = null
  onclose: ((code: number) => void) | null = null
  readonly sent: Frame[] = []
  closed = false

  send(text: string): void {
    if (!this.closed) this.sent.push(JSON.parse(text) as Frame)
  }
  close(): void {
    this.closed = true
  }
  says(type: string, fields: Frame = {}): void {
    this.onmessage?.(JSON.stringify({ type, ...fields }))
  }
  opened(lastSeq = 0, fields: Frame = {}): void {
    this.onopen?.()
    this.says('opened', {
      session: { interaction_id: 'i', state: 'open' },
      last_seq: lastSeq,
      resumed: false,
      limits: { message_bytes: 100 },
      ...fields,
    })
  }
  entry(seq: number, author: string, body: string, more: Frame = {}): void {
    const at = '2026-11-22T10:00:00Z'
    this.says('entry', { entry: { seq, id: `e${seq}`, kind: 'message', author, name: '', body, at, ...more } })
  }
  drop(code: number): void {
    this.closed = true
    this.onclose?.(code)
  }
  frames(type: string): Frame[] {
    return this.sent.filter((frame) => frame['type'] === type)
  }
}

interface Timer {
  at: number
  action: () => void
}

export class World {
  time = 1_000_000
  random = 0.5
  info: () => Promise<unknown> = () =>
    Promise.resolve({ name: 'Shop', greeting: 'Hi', topics: [{ key: 'a', name: 'A' }], state: 'open' })
  readonly sockets: FakeSocket[] = []
  readonly storage: KeyValue
  private timers: Timer[] = []
  private ids = 0
  private tokens = 0

  constructor(storage?: KeyValue) {
    this.storage = storage ?? usableStorage(() => { throw new Error('none') })
  }

  get ports(): Ports {
    return {
      connect: () => {
        const socket = new FakeSocket()
        this.sockets.push(socket)
        return socket
      },
      fetchInfo: () => this.info(),
      now: () => this.time,
      random: () => this.random,
      after: (ms, action) => {
        const timer = { at: this.time + ms, action }
        this.timers.push(timer)
        return () => {
          this.timers = this.timers.filter((other) => other !== timer)
        }
      },
      newToken: () => `token-${(this.tokens += 1)}`,
      newId: () => `id-${(this.ids += 1)}`,
    }
  }

  client(): ChatClient {
    return new ChatClient(this.ports, this.memory, 'en')
  }

  get memory(): Memory {
    return new Memory(this.storage, 'demo', 'web')
  }

  /** The socket dialled last. */
  get socket(): FakeSocket {
    const socket = this.sockets.at(-1)
    if (!socket) throw new Error('nobody has dialled')
    return socket
  }

  /** Let time pass; timers run in order, those they set too. */
  pass(ms: number): void {
    const until = this.time + ms
    for (;;) {
      const due = this.timers.filter((timer) => timer.at <= until).sort((one, other) => one.at - other.at)[0]
      if (!due) break
      this.timers = this.timers.filter((timer) => timer !== due)
      this.time = Math.max(this.time, due.at)
      due.action()
    }
    this.time = until
  }
}

export const FORM = { name: 'Mia', email: 'mia@example.org', topic: 'a' }

/** Open a chat and let the engine answer. */
export function chatting(world: World, body = ''): ChatClient {
  const client = world.client()
  client.start()
  client.open(FORM, body)
  world.socket.opened()
  return client
}

export function bodies(state: ChatState): string[] {
  return state.lines.map((line) => line.body)
}
