import { describe, expect, it } from 'vitest'
import type { AgentLine, QueueLine } from '@/shared/wire'
import { band, levelTone, percent, sortAgents, totals, waitTone } from '@/wallboard/figures'

function queue(more: Partial<QueueLine>): QueueLine {
  return {
    key: 'q', name: 'Q', waiting: 0, longestWaitMs: 0, offered: 0, active: 0, wrapup: 0, parked: 0, mode: 'open', closed: false,
    waitLowMs: 0, waitHighMs: 0, waitInside: null,
    serviceLevel: null, goal: 0.8, least: 0.6, offeredToday: 0, answeredToday: 0, abandonedToday: 0, ...more,
  }
}

function agent(name: string, more: Partial<AgentLine> = {}): AgentLine {
  return {
    id: name, name, status: 'a', statusName: 'A', statusKind: 'available', since: 0,
    connected: true, used: 0, units: 2, items: 0, ...more,
  }
}

describe('the figures', () => {
  it('judge service level and waiting', () => {
    const tones = (goal: number, least: number): string[] =>
      [null, 0.9, 0.8, 0.79, 0.5].map((serviceLevel) => levelTone({ serviceLevel, goal, least }))
    expect(tones(0.8, 0.6)).toEqual(['plain', 'ok', 'ok', 'warn', 'danger'])
    expect(tones(0.9, 0.8)).toEqual(['plain', 'ok', 'warn', 'danger', 'danger'])
    expect(tones(0.5, 0)).toEqual(['plain', 'ok', 'ok', 'ok', 'ok'])
    expect(waitTone(0, 999_999)).toBe('plain')
    expect(waitTone(1, 59_000)).toBe('ok')
    expect(waitTone(1, 60_000)).toBe('warn')
    expect(waitTone(1, 180_000)).toBe('danger')
    expect([null, 0, 0.666, 1].map(percent)).toEqual(['–', '0%', '67%', '100%'])
  })

  it('add up, each queue weighing what it answered', () => {
    const sums = totals(
      [
        queue({ waiting: 2, longestWaitMs: 5_000, active: 1, serviceLevel: 1, goal: 0.9, least: 0.8, answeredToday: 90 }),
        queue({ waiting: 0, longestWaitMs: 9_000, serviceLevel: 0, answeredToday: 5, abandonedToday: 5 }),
        queue({}),
      ],
      [
        agent('Ana'), agent('Ben', { connected: false }), agent('Chen', { statusKind: 'break' }),
        agent('Sue', { statusKind: 'offline' }),
      ],
    )
    expect(sums).toMatchObject({
      waiting: 2, longestWaitMs: 5_000, active: 1, available: 1, agents: 2, abandoned: 5,
    })
    expect(sums.serviceLevel).toBeCloseTo(0.9)
    expect(sums.goal).toBeCloseTo(0.9 * 0.9 + 0.1 * 0.8)
    expect(sums.least).toBeCloseTo(0.9 * 0.8 + 0.1 * 0.6)
  })

  it('tell the band of a wait, where one is known', () => {
    expect(band(queue({}))).toBe('')
    expect(band(queue({ waitLowMs: 40_000, waitHighMs: 130_000 }))).toBe('0:40 – 2:10')
  })

  it('have no service level while nothing was counted', () => {
    expect(totals([queue({})], []).serviceLevel).toBeNull()
  })

  it('sort agents by what they do, then by name', () => {
    const sorted = sortAgents(
      [agent('Zoe'), agent('Off', { statusKind: 'offline' }), agent('Al', { statusKind: 'break' }), agent('Bo')],
      'en',
    )
    expect(sorted.map((one) => one.name)).toEqual(['Bo', 'Zoe', 'Al', 'Off'])
  })
})
