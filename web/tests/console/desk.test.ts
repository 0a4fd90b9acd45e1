// The desk against an engine played by the test: what it shows, sends, and asks for again.
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { useDesk } from '@/console/desk'
import { useSession } from '@/shared/session'
import type { Offer } from '@/shared/wire'
import { FakeSocket } from '../shared/fakeSocket'

let sockets: FakeSocket[]
let posted: string[]
const NOW = '2026-11-22T12:00:00Z'

function wire(): FakeSocket {
  const last = sockets.at(-1)
  if (!last) throw new Error('no socket was opened')
  return last
}

function entry(seq: number, more: object = {}): Record<string, unknown> {
  return { seq, id: `e${seq}`, kind: 'message', author: 'visitor', body: `b${seq}`, at: NOW, ...more }
}

function state(items: object[] = [], offers: object[] = []): Record<string, unknown> {
  return {
    type: 'state', status: { key: 'available', since: NOW }, connected: true,
    load: { used: items.length, units: 2 }, items, offers,
  }
}

function item(id: string, stateName = 'active'): object {
  return { item_id: `w-${id}`, assignment: 1, state: stateName, queue: 'sales', interaction_id: id }
}

function conversation(id: string, entries: object[], lastSeq: number): Record<string, unknown> {
  return {
    type: 'conversation', item_id: `w-${id}`, interaction: { id, last_seq: lastSeq },
    contact: { id: 'c1', name: 'Vera' }, case: null, entries, visitor: { online: true },
  }
}

function offer(itemId: string): object {
  return {
    item_id: itemId, assignment: 3, queue: 'sales', offered_at: NOW, expires_at: NOW,
    interaction: { id: 'i9', channel: 'chat' }, contact: { name: 'Vera' }, preview: '',
  }
}

const sentOf = (type: string): Record<string, unknown>[] =>
  wire().sent.filter((frame) => frame['type'] === type)

beforeEach(() => {
  vi.useFakeTimers()
  sessionStorage.clear()
  sockets = []
  vi.stubGlobal('WebSocket', function open(url: string) {
    const made = new FakeSocket(url)
    sockets.push(made)
    return made
  })
  posted = []
  vi.stubGlobal('fetch', (url: string) => {
    posted.push(url)
    return Promise.resolve(new Response(null, { status: 204 }))
  })
  setActivePinia(createPinia())
  useSession().signed = {
    user: { id: 'u1', login: 'ana', name: 'Ana', role: 'agent', locale: 'en' },
    csrf: 'c',
    organisation: { id: 'demo', name: 'Demo', locale: 'en' },
  }
})

afterEach(() => {
  useDesk().stop()
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

function begin(): ReturnType<typeof useDesk> {
  const desk = useDesk()
  desk.start()
  wire().greet()
  return desk
}

describe('the desk', () => {
  it('shows the conversations it holds and forgets those it gave away', () => {
    const desk = begin()
    wire().tell(state([item('i1'), item('i2')]))
    wire().tell(conversation('i1', [entry(1)], 1))
    expect(desk.selectedId).toBe('i1')
    expect(desk.selected?.conversation?.contact.name).toBe('Vera')
    wire().tell(state([item('i2')]))
    expect(desk.selectedId).toBe('i2')
    expect(desk.conversations['i1']).toBeUndefined()
  })

  it('shows a message once: pending, acknowledged, and as the entry that comes back', () => {
    const desk = begin()
    wire().tell(state([item('i1')]))
    wire().tell(conversation('i1', [entry(1)], 1))
    desk.outbox?.say('i1', 'hello', false)
    expect(desk.outbox?.of('i1')).toHaveLength(1)
    const clientId = sentOf('message')[0]?.['client_id']
    wire().tell({ type: 'ack', client_id: clientId, interaction_id: 'i1', seq: 2, at: NOW })
    expect(desk.outbox?.of('i1')).toEqual([])
    const mine = entry(2, { author: 'agent', client_id: clientId, body: 'hello' })
    wire().tell({ type: 'entry', interaction_id: 'i1', entry: mine })
    const bodies = desk.conversations['i1']?.entries.map((one) => one.body)
    expect(bodies).toEqual(['b1', 'hello'])
  })

  it('asks for what a jump in the numbers shows to be missing', () => {
    begin()
    wire().tell(state([item('i1')]))
    wire().tell(conversation('i1', [entry(1)], 1))
    wire().tell({ type: 'entry', interaction_id: 'i1', entry: entry(4) })
    expect(sentOf('sync')).toEqual([{ type: 'sync', interaction_id: 'i1', after_seq: 1 }])
  })

  it('asks for the beginning of a long conversation', () => {
    begin()
    wire().tell(state([item('i1')]))
    wire().tell(conversation('i1', [entry(201)], 201))
    expect(sentOf('sync')).toEqual([{ type: 'sync', interaction_id: 'i1', after_seq: 0 }])
  })

  it('resumes after a loss: syncs from the last number, sends again under the same id', async () => {
    const desk = begin()
    wire().tell(state([item('i1')]))
    wire().tell(conversation('i1', [entry(1), entry(2)], 2))
    wire().die()
    desk.outbox?.say('i1', 'meanwhile', false)
    expect(desk.outbox?.of('i1')).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(500)
    wire().greet()
    expect(sentOf('sync')).toEqual([{ type: 'sync', interaction_id: 'i1', after_seq: 2 }])
    expect(sentOf('message')).toHaveLength(1)
    const { clientId } = desk.outbox?.of('i1')[0] ?? {}
    expect(sentOf('message')[0]?.['client_id']).toBe(clientId)
  })

  it('marks read once per entry', () => {
    const desk = begin()
    wire().tell(state([item('i1')]))
    wire().tell(conversation('i1', [entry(1)], 1))
    desk.markRead('i1')
    desk.markRead('i1')
    expect(sentOf('read')).toEqual([{ type: 'read', interaction_id: 'i1', seq: 1 }])
  })

  it('shows a case that was opened, and never an older version of it', () => {
    const desk = begin()
    wire().tell(state([item('i1')]))
    wire().tell(conversation('i1', [entry(1)], 1))
    const told = (version: number, subject: string): void =>
      wire().tell({ type: 'case', interaction_id: 'i1', case: { id: 'k', number: 5, version, subject } })
    told(2, 'new')
    told(1, 'old')
    expect(desk.conversations['i1']?.case).toMatchObject({ number: 5, subject: 'new' })
  })

  it('keeps a refused message with its reason', () => {
    const desk = begin()
    wire().tell(state([item('i1')]))
    wire().tell(conversation('i1', [entry(1)], 1))
    const { clientId } = desk.outbox?.say('i1', 'x', false) ?? {}
    wire().tell({ type: 'error', slug: 'not-yours', detail: 'Not with you.', client_id: clientId })
    expect(desk.outbox?.of('i1')[0]?.refusal).toBe('This is with another agent.')
  })

  it('accepts an offer over the socket', async () => {
    const desk = begin()
    wire().tell(state([], [offer('w1')]))
    const [first] = desk.offers
    const done = desk.accept(first as Offer)
    const clientId = sentOf('accept')[0]?.['client_id']
    expect(sentOf('accept')).toEqual([
      { type: 'accept', item_id: 'w1', assignment: 3, client_id: clientId },
    ])
    wire().tell({ type: 'accepted', client_id: clientId, item_id: 'w1', assignment: 3 })
    expect(await done).toBe(true)
    expect(posted).toEqual([])
  })

  it('accepts over HTTP what the socket refuses, loses or keeps silent about', async () => {
    const desk = begin()
    wire().tell(state([], [offer('w1')]))
    const first = desk.offers[0] as Offer
    const refused = desk.accept(first)
    const clientId = sentOf('accept')[0]?.['client_id']
    wire().tell({ type: 'error', slug: 'not-yours', detail: 'x', client_id: clientId })
    expect(await refused).toBe(true)
    const silent = desk.accept(first)
    await vi.advanceTimersByTimeAsync(3_000)
    expect(await silent).toBe(true)
    const lost = desk.accept(first)
    wire().die()
    expect(await lost).toBe(true)
    expect(await desk.accept(first)).toBe(true) // without a connection
    expect(posted).toEqual(Array<string>(4).fill('/api/v1/offers/w1/accept'))
  })

  it('lets a visitor type for some seconds only', () => {
    const desk = begin()
    wire().tell(state([item('i1')]))
    wire().tell(conversation('i1', [entry(1)], 1))
    wire().tell({ type: 'typing', interaction_id: 'i1', on: true, who: 'visitor', name: 'Vera' })
    const until = desk.conversations['i1']?.typingUntil ?? 0
    expect(until).toBeGreaterThan(Date.now())
    expect(until).toBeLessThan(Date.now() + 20_000)
    wire().tell({ type: 'entry', interaction_id: 'i1', entry: entry(2) })
    expect(desk.conversations['i1']?.typingUntil).toBe(0)
  })
})
