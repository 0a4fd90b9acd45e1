// What the desk does with the router's further rules: withdrawn offers, parked work, consults, what waits.
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { sortColleagues } from '@/console/colleagues'
import { keyOf } from '@/console/conversation'
import { useDesk } from '@/console/desk'
import { destinations } from '@/shared/parse'
import { useSession } from '@/shared/session'
import { useToasts } from '@/shared/toasts'
import { FakeSocket } from '../shared/fakeSocket'

let sockets: FakeSocket[]

function wire(): FakeSocket {
  const last = sockets.at(-1)
  if (!last) throw new Error('no socket was opened')
  return last
}

function item(id: string, more: object = {}): object {
  return {
    item_id: `w-${id}`, assignment: 1, state: 'active', queue: 'sales', interaction_id: id, ...more,
  }
}

function state(...items: object[]): Record<string, unknown> {
  return {
    type: 'state', status: { key: 'available' }, connected: true,
    load: { used: 1, units: 2 }, offers: [], items,
  }
}

function conversation(id: string): Record<string, unknown> {
  return {
    type: 'conversation', item_id: `w-${id}`, interaction: { id, last_seq: 1 },
    contact: { id: 'c1', name: 'Vera' }, case: null, visitor: { online: true },
    entries: [{ seq: 1, kind: 'message', author: 'visitor', body: 'hi', at: '2026-11-22T12:00:00Z' }],
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
  setActivePinia(createPinia())
  useSession().signed = {
    user: { id: 'u1', login: 'ana', name: 'Ana', role: 'agent', locale: 'en' },
    csrf: 'c',
    organisation: { id: 'demo', name: 'Demo', locale: 'en' },
  }
  useDesk().start()
  wire().greet()
})

afterEach(() => {
  useDesk().stop()
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

const CONSULT = { kind: 'chat', reference: '', details: {}, parent_id: 'w-9', asked_by: 'Ben' }

describe('the desk', () => {
  it('says why an offer is gone, and nothing where it does not know', () => {
    wire().tell({ type: 'withdrawn', item_id: 'w', assignment: 1, reason: 'taken' })
    wire().tell({ type: 'withdrawn', item_id: 'w', assignment: 1, reason: 'something new' })
    const { toasts } = useToasts()
    expect(toasts.map((toast) => toast.tone)).toEqual(['info'])
    expect(toasts[0]?.title).toContain('A colleague was a moment faster')
  })

  it('keeps parked work on a shelf of its own, with its conversation', () => {
    const desk = useDesk()
    wire().tell(state(item('i1'), item('i2', { state: 'parked', assignment: 0 })))
    wire().tell(conversation('i2'))
    expect(desk.held.map((one) => one.item.itemId)).toEqual(['w-i1'])
    expect(desk.shelf[0]?.conversation?.contact.name).toBe('Vera')
    expect(desk.selectedId).toBe('i1')
  })

  it('tells a consult from the conversation it is about, and reads nothing for the customer', () => {
    const desk = useDesk()
    wire().tell(state(item('i1', { work: CONSULT })))
    wire().tell(conversation('i1'))
    expect(desk.selectedId).toBe('w-i1')
    expect(desk.selected?.item.work?.askedBy).toBe('Ben')
    expect(desk.selected?.conversation?.entries).toHaveLength(1)
    desk.markRead('i1')
    expect(sentOf('read')).toEqual([])
    desk.outbox?.say('i1', 'you may', true, 'w-i1')
    expect(sentOf('message')[0]).toMatchObject({ note: true, consult_id: 'w-i1' })
  })

  it('selects work without a conversation by itself', () => {
    const desk = useDesk()
    const work = { kind: 'task', reference: 'INV-1', details: { amount: 7 } }
    wire().tell(state(item('', { item_id: 't1', work })))
    expect(desk.selectedId).toBe('t1')
    expect(desk.selected?.item.work?.details).toEqual({ amount: '7' })
    expect(desk.held.map((one) => keyOf(one.item))).toEqual(['t1'])
  })

  it('watches what waits while it is shown, also after a cut', () => {
    const desk = useDesk()
    desk.watchWaiting(true)
    expect(sentOf('watch')).toEqual([{ type: 'watch', topic: 'waiting', on: true }])
    const line = { item_id: 'w7', queue: 'sales', name: 'Vera', since: '2026-11-22T12:00:00Z', mine: true }
    wire().tell({ type: 'waiting', items: [line], more: true })
    expect(desk.waiting).toMatchObject({ more: true, items: [{ itemId: 'w7', mine: true }] })
    wire().tell({ type: 'hello', user: { id: 'u1' }, organisation: {}, heartbeat_ms: 5_000 })
    expect(sentOf('watch')).toHaveLength(2)
    desk.watchWaiting(false)
    expect(desk.waiting).toBeNull()
  })
})

describe('colleagues', () => {
  it('come in the order in which they can take something', () => {
    const one = (id: string, more: object): object => ({
      id, name: id, status_kind: 'available', connected: true, used: 0, units: 2, ...more,
    })
    const { agents } = destinations({
      agents: [
        one('away', { connected: false }), one('full', { used: 2 }),
        one('break', { status_kind: 'break' }), one('zoe', {}), one('ben', {}),
      ],
    })
    expect(sortColleagues(agents, 'en').map((agent) => agent.id)).toEqual(['ben', 'zoe', 'full', 'break'])
  })
})
