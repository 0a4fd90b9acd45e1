// The engine's routes as functions: one per route, nouns in and out.
import * as parse from './parse'
import { Requester } from './request'
import type * as wire from './wire'

export const requester = new Requester({
  fetch: (input, init) => fetch(input, init),
  newKey: newId,
  wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
})

/** Make an id for a message or request. randomUUID is missing on plain http off localhost. */
export function newId(): string {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID()
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

const path = (strings: TemplateStringsArray, ...values: string[]): string =>
  strings.reduce((whole, part, at) => whole + encodeURIComponent(values[at - 1] ?? '') + part)

export async function logIn(
  login: string, password: string, organisation: string,
): Promise<wire.Signed> {
  const body = { login, password, ...(organisation ? { organisation } : {}) }
  return parse.signed(await requester.post('/login', body))
}

export async function me(): Promise<wire.Signed> {
  return parse.signed(await requester.get('/me'))
}

export async function logOut(): Promise<void> {
  await requester.post('/logout')
}

/** Read where cases can stand. */
export async function caseStatuses(): Promise<wire.CaseStatusSetup[]> {
  return parse.caseStatuses(await requester.get('/organisation'))
}

/** Read the configured lists anew, after the configuration has changed. */
export async function lists(): Promise<wire.Lists> {
  return parse.lists(await requester.get('/organisation'))
}

export async function setPresence(status: string): Promise<void> {
  await requester.post('/presence', { status })
}

export async function signOut(openWork?: 'requeue' | 'end'): Promise<void> {
  await requester.post('/sign-out', openWork ? { open_work: openWork } : {})
}

export async function accept(itemId: string, assignment: number): Promise<void> {
  await requester.post(path`/offers/${itemId}/accept`, { assignment })
}

export async function decline(
  itemId: string, assignment: number, reason: string,
): Promise<void> {
  await requester.post(path`/offers/${itemId}/decline`, {
    assignment, ...(reason ? { reason } : {}),
  })
}

export async function end(itemId: string, assignment: number): Promise<void> {
  await requester.post(path`/work-items/${itemId}/end`, { assignment })
}

export async function wrapUp(
  itemId: string, assignment: number, disposition: string, note: string,
): Promise<void> {
  await requester.post(path`/work-items/${itemId}/wrap-up`, {
    assignment, disposition, ...(note ? { note } : {}),
  })
}

export async function transfer(
  itemId: string, assignment: number, to: wire.Destination, note: string,
): Promise<void> {
  await requester.post(path`/work-items/${itemId}/transfer`, {
    assignment, ...to, ...(note ? { note } : {}),
  })
}

/** Ask without letting go; the question is the first note. */
export async function ask(
  itemId: string, assignment: number, to: wire.Destination, question: string,
): Promise<void> {
  await requester.post(path`/work-items/${itemId}/consults`, {
    assignment, client_id: newId(), ...to, question,
  })
}

export async function endConsult(itemId: string): Promise<void> {
  await requester.post(path`/work-items/${itemId}/end-consult`)
}

/** Read the consults of an item that are not over. */
export async function consults(itemId: string): Promise<wire.WorkItem[]> {
  const reply = await requester.get(`/work-items?parent_id=${encodeURIComponent(itemId)}`)
  const over = new Set(['closed', 'wrapup'])
  return parse.list(reply).map(parse.workItem).filter((one) => !over.has(one.state))
}

export async function destinations(): Promise<wire.Destinations> {
  return parse.destinations(await requester.get('/destinations'))
}

export async function pick(itemId: string): Promise<void> {
  await requester.post(path`/work-items/${itemId}/pick`)
}

/** Put work aside; what the customer wrote behind line `seen` of the transcript, or will, resumes it. */
export async function park(itemId: string, assignment: number, seen?: number): Promise<void> {
  await requester.post(path`/work-items/${itemId}/park`, {
    assignment,
    ...(seen === undefined ? {} : { seen_seq: seen }),
  })
}

export async function resume(itemId: string): Promise<void> {
  await requester.post(path`/work-items/${itemId}/resume`)
}

export async function extendWrapUp(itemId: string, assignment: number): Promise<void> {
  await requester.post(path`/work-items/${itemId}/extend-wrap-up`, { assignment })
}

/** Steer a queue: pause, drain, or resume it. */
export async function steerQueue(queue: string, word: 'pause' | 'drain' | 'resume'): Promise<void> {
  await requester.post(path`/queues/${queue}/` + word)
}

export async function workOf(queue: string, state: string): Promise<wire.WorkItem[]> {
  const query = new URLSearchParams({ queue, state, limit: '100' })
  return parse.list(await requester.get(`/work-items?${query}`)).map(parse.workItem)
}

export async function assign(itemId: string, agentId: string, force: boolean): Promise<void> {
  await requester.post(path`/work-items/${itemId}/assign`, { agent_id: agentId, force })
}

export async function setPriority(itemId: string, priority: number): Promise<void> {
  await requester.patch(path`/work-items/${itemId}`, { priority })
}

const MOST_PAGES = 20

/** Read a whole transcript. */
export async function entries(id: string): Promise<wire.Entry[]> {
  const found: wire.Entry[] = []
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const after = `?after_seq=${found.at(-1)?.seq ?? 0}`
    const reply = await requester.get(path`/interactions/${id}/entries` + after)
    const more = parse.list(reply).map(parse.entry)
    if (more.length === 0) break
    found.push(...more)
  }
  return found
}

export async function caseDetail(id: string): Promise<wire.CaseDetail> {
  return parse.caseDetail(await requester.get(path`/cases/${id}`))
}

export async function openCase(interactionId: string, subject: string): Promise<wire.Case> {
  const reply = await requester.post('/cases', { interaction_id: interactionId, subject })
  return parse.caseDetail(reply).case
}

export interface CaseChange {
  status?: string
  subject?: string
  priority?: number
  owner_id?: string
}

export async function changeCase(
  id: string, version: number, change: CaseChange,
): Promise<wire.Case> {
  const reply = await requester.patch(path`/cases/${id}`, { version, ...change })
  return parse.caseDetail(reply).case
}

export async function contact(id: string): Promise<wire.ContactDetail> {
  return parse.contactDetail(await requester.get(path`/contacts/${id}`))
}

export async function alerts(): Promise<wire.Alert[]> {
  return parse.list(await requester.get('/alerts')).map(parse.alert)
}

export async function acknowledge(id: string): Promise<void> {
  await requester.post(path`/alerts/${id}/acknowledge`)
}
