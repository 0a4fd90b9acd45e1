// Which lines of a case's timeline are shown (pure).
import { text } from '@/shared/parse'
import type { Entry, Interaction, TimelineLine } from '@/shared/wire'
import { mailOf, outgoingOf } from '../mail/mail'

export const SHOWN = ['all', 'comments', 'changes'] as const
export type Shown = (typeof SHOWN)[number]

/** A mail, or what became of one: a thread may take a year, and each of its mails has a time of its own. */
export interface MailLine {
  type: 'mail'
  at: number
  told: 'received' | 'sent' | 'failed' | 'cancelled'
  subject: string
  /** Who wrote it, or whom it was for. */
  who: string
  entry: Entry
  interaction: Interaction
}

export type Told = TimelineLine | MailLine

const SAID = new Set(['comment', 'attached', 'mail'])

/** Choose the lines, newest first; what an interaction's own line tells is not told twice. */
export function chosen(lines: readonly TimelineLine[], shown: Shown): Told[] {
  const found = lines.flatMap((line): Told[] => {
    if (line.type === 'interaction') return shown === 'changes' ? [] : conversation(line)
    if (line.event.kind === 'interaction') return []
    return shown === 'all' || SAID.has(line.event.kind) === (shown === 'comments') ? [line] : []
  })
  return found.sort((one, other) => one.at - other.at).toReversed()
}

/** Return a conversation's mails, and itself where people said something else in it, or nothing. */
function conversation(line: TimelineLine & { type: 'interaction' }): Told[] {
  const mails = line.entries.map((entry) => mailLine(entry, line.interaction)).filter((one): one is MailLine => one !== null)
  const of = new Set(mails.map((one) => one.entry))
  const more = line.entries.some((entry) => saidByPeople(entry) && !of.has(entry))
  return mails.length && !more ? mails : [line, ...mails]
}

function saidByPeople(entry: Entry): boolean {
  return (entry.kind === 'message' || entry.kind === 'note') && entry.author !== 'system'
}

function mailLine(entry: Entry, interaction: Interaction): MailLine | null {
  const told = toldBy(entry)
  if (!told) return null
  const { data } = entry
  const whom = told === 'failed' ? names(data['failed'], 'email') : names(data['to'])
  const who = told === 'received' ? entry.name || text(data['from']) : whom
  return { type: 'mail', at: entry.at, told, subject: text(data['subject']), who, entry, interaction }
}

/** A machine's mail is none: the case has a line of its own of it. */
function toldBy(entry: Entry): MailLine['told'] | null {
  const event = entry.data['event']
  if (outgoingOf(entry)) {
    if (event === 'mail-failed') return 'failed'
    if (event === 'mail-cancelled') return 'cancelled'
    return entry.kind === 'message' ? 'sent' : null
  }
  return mailOf(entry) && entry.kind === 'message' ? 'received' : null
}

function names(value: unknown, key = ''): string {
  const found: unknown[] = Array.isArray(value) ? value : []
  return found.map((one) => text(key ? (one as Record<string, unknown>)[key] : one)).filter(Boolean).join(', ')
}
