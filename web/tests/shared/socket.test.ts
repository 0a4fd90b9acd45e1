import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { AgentSocket, type Link } from '@/shared/socket'
import type { Frame } from '@/shared/wire'
import { FakeSocket } from './fakeSocket'

let sockets: FakeSocket[]
let frames: Frame[]
let links: Link[]
let mayRetry: () => Promise<boolean>
let socket: AgentSocket

beforeEach(() => {
  vi.useFakeTimers()
  sockets = []
  frames = []
  links = []
  mayRetry = () => Promise.resolve(true)
  socket = new AgentSocket({
    url: () => 'ws://engine/api/v1/agent/socket',
    open: (url) => {
      const made = new FakeSocket(url)
      sockets.push(made)
      return made as unknown as WebSocket
    },
    onFrame: (frame) => frames.push(frame),
    onLink: (link) => links.push(link),
    mayRetry: () => mayRetry(),
    random: () => 1,
  })
  socket.start()
})

afterEach(() => {
  socket.stop()
  vi.useRealTimers()
})

const state = (): string | undefined => links.at(-1)?.state

describe('the agent socket', () => {
  it('says hello first and is open when it is welcomed', () => {
    sockets[0]?.accept()
    expect(sockets[0]?.sent).toEqual([{ type: 'hello', v: 1 }])
    expect(state()).toBe('connecting')
    expect(socket.send({ type: 'read' })).toBe(false)
    sockets[0]?.tell({ type: 'hello', heartbeat_ms: 1_000 })
    expect(state()).toBe('open')
    expect(socket.send({ type: 'read' })).toBe(true)
    expect(frames.map((frame) => frame.type)).toEqual(['hello'])
  })

  it('beats as often as it was told, and when it is asked', () => {
    sockets[0]?.greet()
    vi.advanceTimersByTime(3_000)
    sockets[0]?.tell({ type: 'ping' })
    expect(sockets[0]?.types()).toEqual(['hello', ...Array(4).fill('heartbeat')])
  })

  it('gives up a connection on which its beats are no longer answered', async () => {
    sockets[0]?.greet()
    for (let beat = 0; beat < 10; beat += 1) {
      vi.advanceTimersByTime(1_000)
      sockets[0]?.tell({ type: 'pong' })
    }
    expect(state()).toBe('open')
    expect(frames.map((frame) => frame.type)).toEqual(['hello'])
    vi.advanceTimersByTime(4_000)
    expect(state()).toBe('waiting')
    await vi.advanceTimersByTimeAsync(400)
    expect(sockets).toHaveLength(2)
  })

  it('comes back with growing pauses and starts anew after a welcome', async () => {
    sockets[0]?.greet()
    sockets[0]?.die()
    expect(state()).toBe('waiting')
    await vi.advanceTimersByTimeAsync(400)
    sockets[1]?.die()
    await vi.advanceTimersByTimeAsync(799)
    expect(sockets).toHaveLength(2)
    await vi.advanceTimersByTimeAsync(1)
    expect(sockets).toHaveLength(3)
    sockets[2]?.greet()
    sockets[2]?.die()
    await vi.advanceTimersByTimeAsync(400)
    expect(sockets).toHaveLength(4)
  })

  it('waits at most ten seconds, and not at all when told to', async () => {
    for (let round = 0; round < 9; round += 1) {
      sockets.at(-1)?.die()
      await vi.advanceTimersByTimeAsync(10_000)
    }
    expect(sockets).toHaveLength(10)
    sockets.at(-1)?.die()
    socket.retryNow()
    expect(sockets).toHaveLength(11)
  })

  it('stops when nobody is signed in any more', async () => {
    mayRetry = () => Promise.resolve(false)
    sockets[0]?.greet()
    sockets[0]?.die(1008)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(sockets).toHaveLength(1)
    expect(state()).toBe('closed')
  })

  it('gives up on an engine that accepts and keeps silent', async () => {
    sockets[0]?.accept()
    await vi.advanceTimersByTimeAsync(10_500)
    expect(sockets).toHaveLength(2)
  })

  it('makes a new connection when the network has gone, and ignores the old one', async () => {
    sockets[0]?.greet()
    socket.renew()
    sockets[0]?.tell({ type: 'config' })
    await vi.advanceTimersByTimeAsync(400)
    sockets[1]?.greet()
    expect(frames.map((frame) => frame.type)).toEqual(['hello', 'hello'])
    expect(state()).toBe('open')
  })

  it('survives words it does not know', () => {
    sockets[0]?.greet()
    sockets[0]?.onmessage?.({ data: 'not json' })
    sockets[0]?.tell({ type: 'news' })
    expect(frames.at(-1)).toEqual({ type: 'other', name: 'news' })
  })
})
