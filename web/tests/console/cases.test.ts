// Cases: how promises look, what differs, what a list is asked, what a timeline shows.
import { describe, expect, it } from 'vitest'
import { looks, parts } from '@/console/cases/spans'
import { chosen } from '@/console/cases/timeline'
import { askedOf, caseQuery, filterOf, momentWords, same } from '@/shared/caseFilter'
import { caseSetup, differences, fullCase, ladder, nextDue } from '@/shared/cases'
import type { CaseEvent, Entry, Interaction, TimelineLine } from '@/shared/wire'

const HOUR = 3_600_000
const NOON = Date.parse('2026-11-22T12:00:00Z')
const at = (ms: number): string => new Date(ms).toISOString()

const raw = (more: object = {}): object => ({
  key: 'resolution', name: 'Resolution', occurrence: 1, state: 'running', started_at: at(NOON - HOUR),
  due_at: at(NOON + 3 * HOUR), met_at: null, missed_at: null, target_ms: 4 * HOUR, used_ms: HOUR,
  remaining_ms: 3 * HOUR, ...more,
})
const one = (...milestones: object[]): ReturnType<typeof fullCase> =>
  fullCase({
    id: 'c', number: 7, subject: 'S', status: 'open', version: 3, priority: 2, tags: ['a'],
    fields: { batch: 'B' }, updated_at: at(NOON), milestones,
  })
const only = (more: object) => one(raw(more)).milestones[0]!

describe('a promise', () => {
  it('looks as its clock stands', () => {
    expect(looks(only({}), NOON)).toBe('running')
    expect(looks(only({ remaining_ms: HOUR / 2 }), NOON)).toBe('soon')
    expect(looks(only({ state: 'paused', due_at: null }), NOON)).toBe('paused')
    expect(looks(only({ state: 'met', met_at: at(NOON) }), NOON)).toBe('met')
    expect(looks(only({ state: 'met', met_at: at(NOON), missed_at: at(NOON - 1) }), NOON)).toBe('late')
    expect(looks(only({ state: 'cancelled' }), NOON)).toBe('cancelled')
  })

  it('is missed from its very time on, before the engine says so', () => {
    expect(looks(only({}), NOON + 3 * HOUR - 1)).toBe('running')
    expect(looks(only({}), NOON + 3 * HOUR)).toBe('missed')
  })

  it('is the next when it is due first; else what stands still', () => {
    const later = raw({ key: 'later', due_at: at(NOON + 9 * HOUR) })
    expect(nextDue(one(later, raw()))?.key).toBe('resolution')
    const still = raw({ key: 'still', state: 'paused', due_at: null })
    expect(nextDue(one(still))?.key).toBe('still')
    expect(nextDue(one(raw({ state: 'met' })))).toBeNull()
  })

  it('is told in two units, seconds in the last hour only', () => {
    expect(parts(26 * HOUR)).toEqual([[1, 'day'], [2, 'hour']])
    expect(parts(HOUR + 61_000)).toEqual([[1, 'hour'], [1, 'minute']])
    expect(parts(61_000)).toEqual([[1, 'minute'], [1, 'second']])
    expect(parts(-5)).toEqual([[0, 'minute'], [0, 'second']])
  })
})

describe('what somebody else changed', () => {
  it('is told field by field, the own fields too', () => {
    const before = one()
    const after = { ...before, status: 'waiting', version: 4, tags: ['a', 'b'], fields: { tins: 2 } }
    expect(differences(before, after)).toEqual([
      { field: 'status', from: 'open', to: 'waiting' },
      { field: 'tags', from: ['a'], to: ['a', 'b'] },
      { field: 'fields.batch', from: 'B', to: null },
      { field: 'fields.tins', from: null, to: 2 },
    ])
    expect(differences(before, before)).toEqual([])
  })
})

describe('a list of cases', () => {
  it('is asked for with what was chosen only', () => {
    const query = caseQuery({ text: ' kettle ', status: '', kind: 'over', order: 'newest', tag: '' })
    expect(query.toString()).toBe('limit=50&open=false&text=kettle')
  })

  it('goes on where the page before ended, in the order there is', () => {
    expect(caseQuery({}, '7_7').toString()).toBe('limit=50&after=7_7')
    expect(caseQuery({ order: 'due' }, '1_2').toString()).toBe('limit=50&order=due&after=1_2')
  })

  it('finds by a view what the view says, with or without a place in the bar', () => {
    const filter = { owner: ['me'], open: true, status: ['a', 'b'], fields: { batch: ['X', 'Y'] }, due_before: 'now+4h' }
    const asked = askedOf(filter, 'due')
    expect([asked.owner, asked.kind, asked.status, asked.order]).toEqual(['me', 'active', '', 'due'])
    expect(same(filterOf(asked), filter)).toBe(true)
    const query = caseQuery(asked)
    expect(query.getAll('status')).toEqual(['a', 'b'])
    expect(query.getAll('field')).toEqual(['batch:X', 'batch:Y'])
    expect(query.get('open')).toBe('true')
  })

  it('tells a moment in words', () => {
    expect(momentWords('now+4h', 'en')).toBe('in 4 hours')
    expect(momentWords('2026-11-22', 'en')).toBe('')
  })

  it('is narrowed by nothing where nothing is said', () => {
    expect(filterOf(askedOf({}, ''))).toEqual({})
    expect(same({ a: 1, b: [2] }, { b: [2], a: 1 })).toBe(true)
    expect(same({ a: 1 }, { a: 2 })).toBe(false)
  })
})

describe('a timeline', () => {
  const event = (kind: string): TimelineLine => {
    const inner: CaseEvent = { id: kind, caseId: '', at: 0, kind, actorId: '', actorName: '', data: {} }
    return { type: 'event', at: 0, event: inner }
  }
  const lines = ['opened', 'comment', 'interaction', 'status', 'attached'].map(event)
  const kinds = (shown: 'all' | 'comments' | 'changes') =>
    chosen(lines, shown).map((line) => (line.type === 'event' ? line.event.kind : line.type))

  it('is newest first, and what was said can be told from what was changed', () => {
    expect(kinds('all')).toEqual(['attached', 'status', 'comment', 'opened'])
    expect(kinds('comments')).toEqual(['attached', 'comment'])
    expect(kinds('changes')).toEqual(['status', 'opened'])
  })

  describe('of mails', () => {
    const talk = (...entries: Record<string, unknown>[]): TimelineLine => ({
      type: 'interaction',
      at: 0,
      interaction: {} as Interaction,
      entries: entries.map((raw, at) => ({ id: `e${at}`, seq: at + 1, kind: 'message', author: 'visitor', body: '', at: at + 1, data: {}, ...raw }) as Entry),
    })
    const came = { data: { mail_id: 'm1', from: 'ana@example.com', subject: 'Tea' } }
    const went = { author: 'agent', data: { outgoing_id: 'o1', to: ['ana@example.com', 'bo@example.com'], subject: 'Re: Tea' } }
    const told = (line: TimelineLine) =>
      chosen([line], 'all').map((one) => (one.type === 'mail' ? `${one.told} ${one.who} ${one.subject}` : one.type))

    it('has a line for each, and none for the conversation where nothing else was said', () => {
      const joined = { kind: 'joined', author: 'agent' }
      expect(told(talk({ ...came, name: 'Ana' }, joined, went))).toEqual(['sent ana@example.com, bo@example.com Re: Tea', 'received Ana Tea'])
    })

    it('tells what failed, and leaves to the case what machines wrote', () => {
      const failed = {
        kind: 'note', author: 'system',
        data: { outgoing_id: 'o1', event: 'mail-failed', subject: 'Re: Tea', failed: [{ email: 'bo@example.com' }] },
      }
      const machine = { kind: 'note', author: 'system', data: { mail_id: 'm2', event: 'mail-signal' } }
      expect(told(talk(went, failed, machine))).toEqual(['failed bo@example.com Re: Tea', 'sent ana@example.com, bo@example.com Re: Tea'])
    })

    it('keeps the conversation where people said something else, and hides both among changes', () => {
      const note = { kind: 'note', author: 'agent' }
      expect(told(talk(came, note))).toEqual(['received ana@example.com Tea', 'interaction'])
      expect(chosen([talk(came, note)], 'changes')).toEqual([])
    })
  })
})

describe('what the engine sends', () => {
  it('may be missing', () => {
    expect(fullCase({}).milestones).toEqual([])
    expect(caseSetup({}).fields).toEqual([])
    expect(ladder({}).steps).toEqual([])
  })

  it('has the fields of cases only', () => {
    const fields = [{ of: 'contact', key: 'tea' }, { of: 'case', key: 'tins', type: 'number', least: 1 }]
    expect(caseSetup({ fields }).fields.map((field) => [field.key, field.least])).toEqual([['tins', 1]])
  })
})
