import { describe, expect, it } from 'vitest'
import { caseDetail, frame, list, moment } from '@/shared/parse'

describe('reading what the engine sends', () => {
  it('takes RFC 3339 times, and nothing for never', () => {
    expect(moment('2026-11-22T10:00:00.250Z')).toBe(Date.UTC(2026, 10, 22, 10, 0, 0, 250))
    expect(moment(null)).toBe(0)
    expect(moment('soon')).toBe(0)
  })

  it('takes lists and pages', () => {
    expect(list([1])).toEqual([1])
    expect(list({ items: [2] })).toEqual([2])
    expect(list(null)).toEqual([])
  })

  it('fills what is missing in a state frame', () => {
    expect(frame({ type: 'state', offers: [{ item_id: 'a' }], items: null })).toMatchObject({
      type: 'state',
      load: { used: 0, units: 0 },
      items: [],
      offers: [{ itemId: 'a', contactName: '', expiresAt: 0 }],
    })
  })

  it('reads a conversation without contact and case', () => {
    const read = frame({
      type: 'conversation', item_id: 'w1', interaction: { id: 'i1', last_seq: 3 },
      contact: null, case: null, entries: [{ seq: 3, kind: 'note', author: 'agent', body: 'x' }],
    })
    expect(read).toMatchObject({
      itemId: 'w1', case: null, contact: { name: '' }, visitor: { online: true },
      entries: [{ seq: 3, kind: 'note' }],
    })
  })

  it('keeps a service level that does not exist yet apart from zero', () => {
    const read = frame({ type: 'board', queues: [{ key: 'a' }, { key: 'b', service_level: 0 }] })
    expect(read).toMatchObject({ queues: [{ serviceLevel: null }, { serviceLevel: 0 }] })
  })

  it('sorts a timeline of events and conversations', () => {
    const detail = caseDetail({
      case: { id: 'c', number: 7, status: 'waiting' },
      timeline: [
        { type: 'event', event: { id: 'e', kind: 'comment', at: '2026-11-22T10:05:00Z' } },
        { type: 'interaction', interaction: { id: 'i', opened_at: '2026-11-22T10:00:00Z' } },
      ],
    })
    expect(detail.case).toMatchObject({ number: 7, status: 'waiting' })
    expect(detail.timeline.map((line) => line.type)).toEqual(['interaction', 'event'])
  })

  it('survives anything', () => {
    for (const odd of [null, 1, 'x', [], {}, { type: 'entry' }, { type: 'case' }]) {
      expect(() => frame(odd)).not.toThrow()
    }
  })
})
