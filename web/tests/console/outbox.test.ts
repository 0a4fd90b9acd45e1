import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { makeOutbox, type Outbox, type Pending } from '@/console/outbox'

let sent: Pending[]
let stalls: number
let made: Outbox[]
let ids: number

beforeEach(() => {
  vi.useFakeTimers()
  sessionStorage.clear()
  ;[sent, stalls, made, ids] = [[], 0, [], 0]
})

afterEach(() => {
  for (const outbox of made) outbox.stop()
  vi.useRealTimers()
})

function make(owner = 'u1'): Outbox {
  const outbox = makeOutbox({
    transmit: (message) => sent.push(message) > 0,
    newId: () => `m${(ids += 1)}`,
    now: () => Date.now(),
    stalled: () => (stalls += 1),
    owner,
  })
  made.push(outbox)
  return outbox
}

const bodies = (): string[] => sent.map((message) => message.body)
const clientIds = (): string[] => sent.map((message) => message.clientId)

describe('the outbox', () => {
  it('sends at once and again with the same id until it is acknowledged', () => {
    const outbox = make()
    outbox.say('i1', 'hello', false)
    vi.advanceTimersByTime(10_000)
    expect(clientIds()).toEqual(['m1', 'm1', 'm1'])
    expect(outbox.settle('m1')?.body).toBe('hello')
    vi.advanceTimersByTime(60_000)
    expect(sent).toHaveLength(3)
    expect(outbox.settle('m1')).toBeUndefined()
  })

  it('keeps the order when everything is sent again', () => {
    const outbox = make()
    outbox.say('i1', 'one', false)
    outbox.say('i2', 'two', true)
    outbox.say('i1', 'three', false)
    sent = []
    outbox.sendAll()
    expect(bodies()).toEqual(['one', 'two', 'three'])
    expect(outbox.of('i1').map((message) => message.body)).toEqual(['one', 'three'])
  })

  it('outlives a reload, for the same user only', () => {
    make().say('i1', 'kept', false)
    expect(make('u2').of('i1')).toEqual([])
    sessionStorage.clear()
    make().say('i1', 'kept', false)
    const again = make()
    sent = []
    again.sendAll()
    expect(bodies()).toEqual(['kept'])
    expect(clientIds()).toEqual(['m2'])
  })

  it('survives a spoilt memory', () => {
    sessionStorage.setItem('cordboard.outbox', '{"owner":"u1","messages":')
    expect(make().of('i1')).toEqual([])
  })

  it('does not repeat what was refused, until it is told to', () => {
    const outbox = make()
    outbox.say('i1', 'too long', false)
    expect(outbox.refuse('m1', 'at most 16384 bytes')).toBe(true)
    expect(outbox.refuse('m9', 'whose?')).toBe(false)
    sent = []
    vi.advanceTimersByTime(20_000)
    expect(sent).toEqual([])
    outbox.retry('m1')
    expect(clientIds()).toEqual(['m1'])
    expect(outbox.of('i1')[0]?.refusal).toBe('')
  })

  it('doubts a connection that acknowledges nothing', () => {
    make().say('i1', 'anybody?', false)
    vi.advanceTimersByTime(15_000)
    expect(stalls).toBe(0)
    vi.advanceTimersByTime(5_000)
    expect(stalls).toBe(1)
    vi.advanceTimersByTime(10_000)
    expect(stalls).toBe(1)
  })
})
