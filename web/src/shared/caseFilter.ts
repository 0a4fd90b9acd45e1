// What a list of cases is narrowed to (pure): as the filter bar has it, as the list is asked, as a view keeps it.
import { flag, list, record, text } from './parse'

type Values = Record<string, unknown>

export const CASE_ORDERS = ['newest', 'oldest', 'opened', 'updated', 'untouched', 'priority', 'due'] as const
export type CaseOrder = (typeof CASE_ORDERS)[number]
export const PAGE = 50

/** Several kinds of statuses under one name, as a filter says them. */
export const KINDS: Record<string, Values> = {
  active: { open: true }, waiting: { kind: ['waiting'] }, over: { open: false },
}

export interface CaseQuery {
  text: string
  status: string
  /** One of KINDS. */
  kind: string
  queue: string
  owner: string
  type: string
  tag: string
  order: CaseOrder
  /** What a view is narrowed to besides, for which the bar has no place. */
  extra: Values
}

export const EVERYTHING: CaseQuery = {
  text: '', status: '', kind: '', queue: '', owner: '', type: '', tag: '', order: 'newest', extra: {},
}
const SINGLE = ['status', 'queue', 'owner', 'type', 'tag'] as const

/** Write the bar as a filter, in the words of the list. */
export function filterOf(asked: Partial<CaseQuery>): Values {
  const filter: Values = { ...asked.extra, ...KINDS[asked.kind ?? ''] }
  for (const name of SINGLE) {
    const value = asked[name]?.trim()
    if (value) filter[name] = [value]
  }
  const words = asked.text?.trim()
  return words ? { ...filter, text: words } : filter
}

/** Read a filter into the bar; what has no place there stays in ``extra``. */
export function askedOf(filter: Values, order: string): CaseQuery {
  const asked: CaseQuery = { ...EVERYTHING, extra: {}, order: CASE_ORDERS.find((one) => one === order) ?? 'newest' }
  for (const [name, value] of Object.entries(filter)) {
    const single = SINGLE.find((one) => one === name)
    const kind = Object.keys(KINDS).find((one) => JSON.stringify(KINDS[one]) === JSON.stringify({ [name]: value }))
    if (single && list(value).length === 1) asked[single] = text(list(value)[0])
    else if (name === 'text') asked.text = text(value)
    else if (kind) asked.kind = kind
    else asked.extra[name] = value
  }
  return asked
}

/** Write a question to the list of cases; ``after`` is where the page before ended. */
export function caseQuery(asked: Partial<CaseQuery>, after = ''): URLSearchParams {
  const query = new URLSearchParams({ limit: String(PAGE) })
  for (const [name, value] of Object.entries(filterOf(asked))) {
    if (name === 'fields' || name === 'not_fields') {
      for (const [key, wanted] of Object.entries(record(value))) {
        for (const one of list(wanted)) query.append(name.slice(0, -1), `${key}:${text(one)}`)
      }
    } else if (Array.isArray(value)) for (const one of value) query.append(name, text(one))
    else query.set(name, typeof value === 'boolean' ? String(flag(value)) : text(value))
  }
  if (asked.order && asked.order !== 'newest') query.set('order', asked.order)
  if (after) query.set('after', after)
  return query
}

/** Say whether two filters find the same. */
export function same(one: Values, other: Values): boolean {
  const sorted = (values: Values): string =>
    JSON.stringify(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)))
  return sorted(one) === sorted(other)
}

const UNITS: Record<string, Intl.RelativeTimeFormatUnit> = { m: 'minute', h: 'hour', d: 'day', w: 'week' }

/** Say a moment such as `now+4h` in a language; empty for what is none. */
export function momentWords(value: unknown, locale: string): string {
  const [, sign = '', amount = '', unit = ''] = /^now([+-])(\d+)([mhdw])$/.exec(text(value)) ?? []
  const known = UNITS[unit]
  return known ? new Intl.RelativeTimeFormat(locale).format(Number(sign + amount), known) : ''
}
