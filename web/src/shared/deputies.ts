// Deputies: who stands in for whom, from when to when.
import { requester } from './engine'
import { list, record, text, time } from './parse'

export interface Deputy {
  id: string
  userId: string
  userName: string
  deputyName: string
  fromAt: number
  toAt: number
  note: string
}

function deputy(value: unknown): Deputy {
  const raw = record(value)
  return {
    id: text(raw['id']),
    userId: text(raw['user_id']),
    userName: text(raw['user_name']) || text(raw['user_id']),
    deputyName: text(raw['deputy_name']) || text(raw['deputy_id']),
    fromAt: time(raw, 'from'),
    toAt: time(raw, 'to'),
    note: text(raw['note']),
  }
}

export async function readDeputies(): Promise<Deputy[]> {
  return list(await requester.get('/deputies')).map(deputy)
}

/** Times as the browser's fields give them: of the reader's own clock; no `from`: from now on. */
export async function addDeputy(wanted: { user: string; deputy: string; from: string; to: string; note: string }): Promise<void> {
  await requester.post('/deputies', {
    user_id: wanted.user, deputy_id: wanted.deputy, note: wanted.note, to_at: new Date(wanted.to).toISOString(),
    ...(wanted.from ? { from_at: new Date(wanted.from).toISOString() } : {}),
  })
}

export async function removeDeputy(id: string): Promise<void> {
  await requester.send('DELETE', `/deputies/${encodeURIComponent(id)}`)
}
