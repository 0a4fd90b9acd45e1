// Search: what the engine found, and where it leads.
import { requester } from './engine'
import { count, flag, list, moment, record, text } from './parse'

export interface Marked {
  text: string
  marks: [number, number][]
}

export type HitKind = 'case' | 'message' | 'contact' | 'account'

export interface Hit {
  kind: HitKind
  id: string
  seq: number
  at: number
  title: Marked
  snippet: Marked
  about: string
  caseId: string
  caseNumber: number
  contactName: string
  authorName: string
  internal: boolean
}

export interface Results {
  hits: Hit[]
  total: number
  exact: boolean
  kinds: Partial<Record<HitKind, number>>
  next: string
  ready: boolean
}

export const KINDS: readonly HitKind[] = ['case', 'message', 'contact', 'account']

function marked(value: unknown): Marked {
  const raw = record(value)
  const marks = list(raw['marks']).map((one) => list(one).map(count))
  return { text: text(raw['text']), marks: marks.map(([from, to]) => [from ?? 0, to ?? 0]) }
}

function hit(value: unknown): Hit {
  const raw = record(value)
  return {
    kind: KINDS.find((one) => one === raw['kind']) ?? 'message',
    id: text(raw['id']),
    seq: count(raw['seq']),
    at: moment(raw['at']),
    title: marked(raw['title']),
    snippet: marked(raw['snippet']),
    about: text(raw['about']),
    caseId: text(raw['case_id']),
    caseNumber: count(raw['case_number']),
    contactName: text(raw['contact_name']),
    authorName: text(raw['author_name']),
    internal: flag(raw['internal']),
  }
}

export function results(value: unknown): Results {
  const raw = record(value)
  const kinds = Object.entries(record(raw['kinds'])).map(([kind, found]) => [kind, count(found)])
  return {
    hits: list(value).map(hit),
    total: count(raw['total']),
    exact: flag(raw['total_exact'], true),
    kinds: Object.fromEntries(kinds) as Partial<Record<HitKind, number>>,
    next: text(raw['next']),
    ready: flag(raw['ready'], true),
  }
}

/** Where is looked; empty is everywhere. Days are those of this machine, the last one included. */
export interface Narrow {
  status: string
  owner: string
  queue: string
  from: string
  to: string
}

export const NOWHERE: Readonly<Narrow> = { status: '', owner: '', queue: '', from: '', to: '' }

export interface Wanted {
  kind: HitKind | ''
  narrow: Narrow
  after: string
}

/** Return when a day begins, so many days later; empty for what is none. */
function dayBegin(day: string, later = 0): string {
  const begin = new Date(`${day}T00:00:00`)
  if (Number.isNaN(begin.getTime())) return ''
  begin.setDate(begin.getDate() + later)
  return begin.toISOString()
}

export function queryOf(words: string, { kind, narrow, after }: Wanted): URLSearchParams {
  const { status, owner, queue, from, to } = narrow
  const given = { q: words, kind, status, owner, queue, from: dayBegin(from), to: dayBegin(to, 1), after }
  return new URLSearchParams(Object.entries(given).filter(([, value]) => value))
}

export async function find(words: string, wanted: Wanted): Promise<Results> {
  return results(await requester.get(`/search?${queryOf(words, wanted).toString()}`))
}

/** Return the address of what was found. */
export function addressOf(hit: Hit): string {
  if (hit.kind === 'contact') return `#/contacts/${hit.id}`
  if (hit.kind === 'account') return `#/accounts/${hit.id}`
  if (hit.kind === 'case') return `#/cases/${hit.id}`
  return hit.caseId ? `#/cases/${hit.caseId}` : ''
}

/** Cut a text at its marks, which count code points. */
export function pieces({ text: whole, marks }: Marked): { text: string; found: boolean }[] {
  const points = Array.from(whole)
  const cut: { text: string; found: boolean }[] = []
  let at = 0
  for (const [from, to] of marks) {
    if (from > at) cut.push({ text: points.slice(at, from).join(''), found: false })
    cut.push({ text: points.slice(Math.max(from, at), to).join(''), found: true })
    at = Math.max(at, to)
  }
  if (at < points.length) cut.push({ text: points.slice(at).join(''), found: false })
  return cut
}
