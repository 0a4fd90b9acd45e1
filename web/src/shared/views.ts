// Saved views of the list of cases: built in, one's own, shared.
import type { Values } from './cases'
import { requester } from './engine'
import { count, flag, list, record, text } from './parse'

export const SHARED = ['nobody', 'team', 'everybody'] as const
export type Shared = (typeof SHARED)[number]

export interface SavedView {
  id: string
  name: string
  ownerId: string
  ownerName: string
  shared: Shared
  filter: Values
  columns: string[]
  order: string
  version: number
  builtIn: boolean
  mayChange: boolean
  /** What its filter names and what is there no more. */
  missing: { field: string; value: string }[]
}

export interface ViewCount {
  id: string
  count: number
  more: boolean
}

export type ViewDraft = Pick<SavedView, 'name' | 'shared' | 'filter' | 'columns' | 'order'>

export function savedView(value: unknown): SavedView {
  const raw = record(value)
  return {
    id: text(raw['id']),
    name: text(raw['name']),
    ownerId: text(raw['owner_id']),
    ownerName: text(raw['owner_name']),
    shared: SHARED.find((one) => one === raw['shared']) ?? 'nobody',
    filter: record(raw['filter']),
    columns: list(raw['columns']).map(text),
    order: text(raw['order']),
    version: count(raw['version']),
    builtIn: flag(raw['built_in']),
    mayChange: flag(raw['may_change']),
    missing: list(raw['missing']).map((one) => ({ field: text(record(one)['field']), value: text(record(one)['value']) })),
  }
}

const at = (id: string): string => `/views/${encodeURIComponent(id)}`

export async function readViews(): Promise<SavedView[]> {
  return list(await requester.get('/views')).map(savedView)
}

export async function countViews(): Promise<ViewCount[]> {
  return list(await requester.get('/views/counts')).map((one) => {
    const raw = record(one)
    return { id: text(raw['id']), count: count(raw['count']), more: flag(raw['more']) }
  })
}

export async function addView(draft: ViewDraft): Promise<SavedView> {
  return savedView(await requester.post('/views', draft))
}

export async function changeView(one: SavedView, change: Partial<ViewDraft>): Promise<SavedView> {
  return savedView(await requester.patch(at(one.id), { version: one.version, ...change }))
}

export async function deleteView(id: string): Promise<void> {
  await requester.send('DELETE', at(id))
}
