// Times and durations in words and digits.

/** Write a duration as 0:07, 12:34 or 1:02:03. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000))
  const hours = Math.floor(seconds / 3_600)
  const minutes = Math.floor((seconds % 3_600) / 60)
  const two = (value: number): string => String(value).padStart(2, '0')
  const rest = two(seconds % 60)
  return hours > 0 ? `${hours}:${two(minutes)}:${rest}` : `${minutes}:${rest}`
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
]
const WEEK_MS = 7 * 86_400_000

/** Say how long ago ``at`` is; a date when it is more than a week. */
export function relative(at: number, now: number, locale: string, justNow: string): string {
  const away = at - now
  if (Math.abs(away) >= WEEK_MS) return day(at, locale)
  for (const [unit, size] of STEPS) {
    if (Math.abs(away) >= size) {
      const words = new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style: 'short' })
      return words.format(Math.trunc(away / size), unit)
    }
  }
  return justNow
}

export function clockTime(at: number, locale: string): string {
  return new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' }).format(at)
}

export function day(at: number, locale: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'medium' }).format(at)
}

export function dayAndTime(at: number, locale: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' }).format(at)
}

export function sameDay(one: number, other: number): boolean {
  return new Date(one).toDateString() === new Date(other).toDateString()
}
