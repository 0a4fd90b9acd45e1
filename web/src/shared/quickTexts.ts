// Quick texts, ready to be inserted.
import { requester } from './engine'
import { list, record, text } from './parse'

export interface QuickText {
  key: string
  name: string
  folder: string
  body: string
}

export interface Place {
  caseId?: string
  interactionId?: string
  queue?: string
}

/** Return the texts that fit a place, in the customer's language. */
export async function quickTexts(place: Place): Promise<QuickText[]> {
  const query = new URLSearchParams()
  if (place.caseId) query.set('case_id', place.caseId)
  if (place.interactionId) query.set('interaction_id', place.interactionId)
  if (place.queue) query.set('queue', place.queue)
  const found = record(await requester.get(`/quick-texts?${query.toString()}`))
  return list(found['items']).map((one) => {
    const raw = record(one)
    return { key: text(raw['key']), name: text(raw['name']), folder: text(raw['folder']), body: text(raw['body']) }
  })
}

/** Return those whose name, folder, key or words contain every word that was typed. */
export function narrowed(texts: QuickText[], typed: string): QuickText[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean)
  return texts.filter((one) => {
    const where = `${one.key} ${one.name} ${one.folder} ${one.body}`.toLowerCase()
    return words.every((word) => where.includes(word))
  })
}

/** Return what was typed behind a `/` that begins the line before `at`, and where it begins; null without one. */
export function commandAt(body: string, at: number): { from: number; typed: string } | null {
  const from = body.lastIndexOf('\n', at - 1) + 1
  if (body[from] !== '/' || at <= from) return null
  const typed = body.slice(from + 1, at)
  return typed.length > 40 || typed.includes('/') ? null : { from, typed }
}
