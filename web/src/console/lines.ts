// Lays a transcript out (pure): day lines, bubbles that belong together, system lines.
import { sameDay } from '@/shared/times'
import type { Entry } from '@/shared/wire'
import { mailOf, outgoingOf } from './mail/mail'

export type Line =
  | { type: 'day'; key: string; at: number }
  | { type: 'system'; key: string; entry: Entry }
  | { type: 'mail' | 'sent' | 'mailEvent'; key: string; entry: Entry }
  | { type: 'bubble'; key: string; entry: Entry; first: boolean; last: boolean }

const TOGETHER_MS = 5 * 60_000

function said(entry: Entry): boolean {
  return entry.kind === 'message' || entry.kind === 'note'
}

function together(one: Entry | undefined, other: Entry | undefined): boolean {
  return (
    one !== undefined &&
    other !== undefined &&
    one.kind === other.kind &&
    said(one) &&
    one.author === other.author &&
    one.authorId === other.authorId &&
    Math.abs(other.at - one.at) < TOGETHER_MS &&
    sameDay(one.at, other.at)
  )
}

function mailType(entry: Entry): 'mail' | 'sent' | 'mailEvent' | null {
  if (mailOf(entry)) return 'mail'
  if (!outgoingOf(entry)) return null
  return entry.kind === 'message' ? 'sent' : 'mailEvent'
}

export function layOut(entries: readonly Entry[]): Line[] {
  const lines: Line[] = []
  entries.forEach((entry, at) => {
    const previous = entries[at - 1]
    if (!previous || !sameDay(previous.at, entry.at)) {
      lines.push({ type: 'day', key: `day-${entry.seq}`, at: entry.at })
    }
    const key = `entry-${entry.seq}`
    const ofMail = mailType(entry)
    if (ofMail) {
      lines.push({ type: ofMail, key, entry })
      return
    }
    if (!said(entry)) {
      lines.push({ type: 'system', key, entry })
      return
    }
    const first = !together(previous, entry)
    const last = !together(entry, entries[at + 1])
    lines.push({ type: 'bubble', key, entry, first, last })
  })
  return lines
}
