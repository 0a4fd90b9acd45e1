// The transcript of an interaction as this page knows it (pure): a list sorted by sequence number,
// each number once, with a rule for what is still missing.
import type { Entry } from '@/shared/wire'

/** Put entries into the transcript; the newer word on a number counts. */
export function merge(known: readonly Entry[], fresh: readonly Entry[]): Entry[] {
  const bySeq = new Map(known.map((entry) => [entry.seq, entry]))
  for (const entry of fresh) bySeq.set(entry.seq, entry)
  return Array.from(bySeq.values()).sort((one, other) => one.seq - other.seq)
}

/**
 * Tell after which number entries are missing; null when there is no gap. Numbers count from 1
 * without gaps, and `lastSeq` is the highest that anybody has told of.
 */
export function missingAfter(entries: readonly Entry[], lastSeq: number): number | null {
  let expected = 1
  for (const entry of entries) {
    if (entry.seq > expected) return expected - 1
    expected = entry.seq + 1
  }
  return lastSeq >= expected ? expected - 1 : null
}

/** Count the visitor's messages after `readSeq`. */
export function unread(entries: readonly Entry[], readSeq: number): number {
  return entries.filter(
    (entry) => entry.seq > readSeq && entry.author === 'visitor' && entry.kind === 'message',
  ).length
}

export function lastSeq(entries: readonly Entry[]): number {
  return entries.at(-1)?.seq ?? 0
}

/** Find the last thing somebody said, for the list of conversations. */
export function lastSaid(entries: readonly Entry[]): Entry | undefined {
  return entries.findLast((entry) => entry.kind === 'message' || entry.kind === 'note')
}
