// How a promised step looks at a moment, and stretches of time in words.
import { useI18n } from 'vue-i18n'
import type { Milestone } from '@/shared/cases'

export type Look = 'running' | 'soon' | 'paused' | 'met' | 'late' | 'missed' | 'cancelled'

const SOON = 0.25

/** Tell how a milestone looks; soon: less than a quarter of its business time is left. */
export function looks(one: Milestone, now: number): Look {
  if (one.state === 'cancelled') return 'cancelled'
  if (one.state === 'met') return one.missedAt ? 'late' : 'met'
  if (one.missedAt || (one.state === 'running' && one.dueAt > 0 && one.dueAt <= now)) return 'missed'
  if (one.state === 'paused' || !one.dueAt) return 'paused'
  return one.remainingMs < one.targetMs * SOON ? 'soon' : 'running'
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Split a stretch into its two greatest units: seconds only in the last hour, where they count. */
export function parts(ms: number): [number, 'day' | 'hour' | 'minute' | 'second'][] {
  const left = Math.max(0, ms)
  const days = Math.floor(left / DAY)
  const hours = Math.floor((left % DAY) / HOUR)
  const minutes = Math.floor((left % HOUR) / MINUTE)
  if (days > 0) return [[days, 'day'], [hours, 'hour']]
  if (hours > 0) return [[hours, 'hour'], [minutes, 'minute']]
  return [[minutes, 'minute'], [Math.floor((left % MINUTE) / 1_000), 'second']]
}

/** Say a stretch of time in the page's language: 2 h 5 min. */
export function useSpans(): (ms: number) => string {
  const { locale } = useI18n()
  return (ms) => parts(ms)
    .map(([amount, unit]) => new Intl.NumberFormat(locale.value, {
      style: 'unit', unit, unitDisplay: 'short',
    }).format(amount))
    .join(' ')
}
