// Which lines of a case's timeline are shown (pure).
import type { TimelineLine } from '@/shared/wire'

export const SHOWN = ['all', 'comments', 'changes'] as const
export type Shown = (typeof SHOWN)[number]

/** Choose the lines, newest first; what an interaction's own line tells is not told twice. */
export function chosen(lines: readonly TimelineLine[], shown: Shown): TimelineLine[] {
  return lines.filter((line) => {
    if (line.type === 'interaction') return shown !== 'changes'
    if (line.event.kind === 'interaction') return false
    const said = line.event.kind === 'comment' || line.event.kind === 'attached'
    return shown === 'all' || said === (shown === 'comments')
  }).toReversed()
}
