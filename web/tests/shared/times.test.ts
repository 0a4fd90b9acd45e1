import { afterEach, describe, expect, it } from 'vitest'
import { observeServerTime, serverNow } from '@/shared/clock'
import { hueOf, initials } from '@/shared/names'
import { duration, relative } from '@/shared/times'

describe('times in words', () => {
  it('counts durations up', () => {
    expect([0, 7_900, 754_000, 3_723_000, -5].map(duration)).toEqual([
      '0:00', '0:07', '12:34', '1:02:03', '0:00',
    ])
  })

  it('says how long ago something was', () => {
    const now = Date.UTC(2026, 10, 22, 12)
    expect(relative(now - 20_000, now, 'en', 'just now')).toBe('just now')
    expect(relative(now - 5 * 60_000, now, 'en', '')).toBe('5 min. ago')
    expect(relative(now - 86_400_000, now, 'zh-CN', '')).toBe('昨天')
    expect(relative(now - 30 * 86_400_000, now, 'en', '')).toContain('2026')
  })
})

describe('the clock', () => {
  afterEach(() => observeServerTime(new Date().toUTCString()))

  it('goes by the engine when this computer is far off', () => {
    const received = Date.now()
    observeServerTime(new Date(received - 3_600_000).toUTCString(), received)
    expect(Math.abs(serverNow() - (received - 3_600_000))).toBeLessThan(2_000)
  })

  it('leaves small differences alone', () => {
    const received = Date.now()
    observeServerTime(new Date(received - 1_000).toUTCString(), received)
    expect(Math.abs(serverNow() - Date.now())).toBeLessThan(50)
  })
})

describe('names', () => {
  it('become initials', () => {
    expect(['Ana Silva', 'tom', '王小明', '', 'Jo van der Berg', 'Lin (simulated)'].map(initials)).toEqual([
      'AS', 'T', '明', '?', 'JB', 'L',
    ])
  })

  it('keep their colour', () => {
    expect(hueOf('Ana')).toBe(hueOf('Ana'))
    expect(hueOf('Ana')).not.toBe(hueOf('Ben'))
  })
})
