// Cases: what the engine tells of them beyond the desk's, and how they are written.
import { caseQuery, type CaseQuery } from './caseFilter'
import { profile, type Profile } from './customers'
import { newId, requester } from './engine'
import { problemOf } from './problem'
import { caseDetail, count, flag, kase, list, record, text, time, workItem } from './parse'
import type { Case, Named, TimelineLine, WorkItem } from './wire'

export type Clock = 'running' | 'paused' | 'met' | 'cancelled'

/** A promised step. Times named …Ms are business time. */
export interface Milestone {
  key: string
  name: string
  occurrence: number
  state: Clock
  startedAt: number
  dueAt: number
  metAt: number
  missedAt: number
  targetMs: number
  usedMs: number
  remainingMs: number
}

export type Values = Record<string, unknown>

export interface FullCase extends Case {
  description: string
  type: string
  accountId: string
  parentId: string
  team: string
  fields: Values
  tags: string[]
  plan: string
  entitled: string
  reopened: number
  rating: number
  routed: boolean
  itemId: string
  mergedInto: string
  milestones: Milestone[]
}

export interface CasePage {
  case: FullCase
  contactName: string
  contactEmail: string
  timeline: TimelineLine[]
}

export interface CustomField extends Named {
  type: string
  required: string
  choices: Named[]
  least: number | null
  most: number | null
  longest: number
}

export interface CaseSetup {
  queues: Named[]
  types: Named[]
  teams: Named[]
  plans: Named[]
  milestones: Named[]
  escalations: Named[]
  macros: Named[]
  fields: CustomField[]
}

export interface Rung {
  step: string
  dueAt: number
  takenAt: number
}

/** One beginning of a rule set: what was taken, and what comes next. */
export interface Ladder {
  key: string
  name: string
  occurrence: number
  state: string
  reason: string
  nextStep: string
  nextAt: number
  steps: Rung[]
}

export interface Person {
  id: string
  name: string
}

export interface Viewer extends Person {
  typing: boolean
}

export interface Link {
  kind: string
  id: string
  name: string
}

export interface Attachment {
  id: string
  name: string
  mediaType: string
  size: number
  public: boolean
  addedAt: number
}

/** That another case was taken into one; undone or not. */
export interface Merge {
  id: string
  keptId: string
  lostId: string
  mergedAt: number
  undoneAt: number
  /** Rows are still on their way, there or back. */
  moving: boolean
}

function milestone(value: unknown): Milestone {
  const raw = record(value)
  return {
    key: text(raw['key']),
    name: text(raw['name']),
    occurrence: count(raw['occurrence']),
    state: (text(raw['state']) || 'running') as Clock,
    startedAt: time(raw, 'started'),
    dueAt: time(raw, 'due'),
    metAt: time(raw, 'met'),
    missedAt: time(raw, 'missed'),
    targetMs: count(raw['target_ms']),
    usedMs: count(raw['used_ms']),
    remainingMs: count(raw['remaining_ms']),
  }
}

export function fullCase(value: unknown): FullCase {
  const raw = record(value)
  return {
    ...kase(value),
    description: text(raw['description']),
    type: text(raw['type']),
    accountId: text(raw['account_id']),
    parentId: text(raw['parent_id']),
    team: text(raw['team']),
    fields: record(raw['fields']),
    tags: list(raw['tags']).map(text),
    plan: text(raw['plan']),
    entitled: text(raw['entitled']),
    reopened: count(raw['reopened']),
    rating: count(raw['rating']),
    routed: flag(raw['routed']),
    itemId: text(raw['item_id']),
    mergedInto: text(raw['merged_into']),
    milestones: list(raw['milestones']).map(milestone),
  }
}

function casePage(value: unknown): CasePage {
  const detail = caseDetail(value)
  return {
    case: fullCase(record(value)['case']),
    contactName: detail.contact?.name ?? '',
    contactEmail: detail.contact?.email ?? '',
    timeline: detail.timeline,
  }
}

function named(value: unknown): Named {
  const raw = record(value)
  const names = record(raw['names']) as Record<string, string>
  return { key: text(raw['key']), name: text(raw['name']) || text(raw['key']), names }
}

const bound = (value: unknown): number | null => (typeof value === 'number' ? value : null)

function customField(value: unknown): CustomField {
  const raw = record(value)
  return {
    ...named(value),
    type: text(raw['type']),
    required: text(raw['required']),
    choices: list(raw['choices']).map(named),
    least: bound(raw['least']),
    most: bound(raw['most']),
    longest: count(raw['longest']),
  }
}

export function caseSetup(value: unknown): CaseSetup {
  const raw = record(value)
  return {
    queues: list(raw['queues']).map(named),
    types: list(raw['case_types']).map(named),
    teams: list(raw['teams']).map(named),
    plans: list(raw['plans']).map(named),
    milestones: list(raw['milestones']).map(named),
    escalations: list(raw['escalations']).map(named),
    macros: list(raw['macros']).map(named),
    fields: list(raw['fields']).filter((one) => record(one)['of'] === 'case').map(customField),
  }
}

function rung(value: unknown): Rung {
  const raw = record(value)
  return { step: text(raw['step']), dueAt: time(raw, 'due'), takenAt: time(raw, 'taken') }
}

export function ladder(value: unknown): Ladder {
  const raw = record(value)
  return {
    key: text(raw['rule_set']),
    name: text(raw['name']),
    occurrence: count(raw['occurrence']),
    state: text(raw['state']),
    reason: text(raw['reason']),
    nextStep: text(raw['next_step']),
    nextAt: time(raw, 'next'),
    steps: list(raw['steps']).map(rung),
  }
}

function person(value: unknown): Person {
  const raw = record(value)
  return { id: text(raw['user_id']), name: text(raw['user_name']) }
}

function link(value: unknown): Link {
  const raw = record(value)
  return { kind: text(raw['kind']), id: text(raw['target_id']), name: text(raw['name']) }
}

function attachment(value: unknown): Attachment {
  const raw = record(value)
  return {
    id: text(raw['id']),
    name: text(raw['name']),
    mediaType: text(raw['media_type']),
    size: count(raw['size']),
    public: flag(raw['public']),
    addedAt: time(raw, 'added'),
  }
}

const at = (id: string): string => `/cases/${encodeURIComponent(id)}`

export interface CaseList {
  cases: FullCase[]
  /** Where the next page begins; empty: this is the last one. */
  next: string
}

/** Read a page of the list; ``after`` is ``next`` of the page before. */
export async function listCases(asked: Partial<CaseQuery>, after = ''): Promise<CaseList> {
  const raw = await requester.get(`/cases?${caseQuery(asked, after)}`)
  return { cases: list(raw).map(fullCase), next: text(record(raw)['next']) }
}

export async function findCases(asked: Partial<CaseQuery>): Promise<FullCase[]> {
  return (await listCases(asked)).cases
}

/** Find the case of a number as people write it; null: none that they see has it. */
export async function caseOfNumber(written: string): Promise<FullCase | null> {
  const wanted = written.trim().replace(/^#/, '')
  const found = wanted ? await findCases({ text: wanted }) : []
  return found.find((one) => String(one.number) === wanted) ?? null
}

export async function children(id: string): Promise<FullCase[]> {
  return list(await requester.get(`/cases?parent_id=${encodeURIComponent(id)}`)).map(fullCase)
}

export async function readCase(id: string): Promise<CasePage> {
  return casePage(await requester.get(at(id)))
}

/** Read how the work item stands by which the case is routed. */
export async function readWork(itemId: string): Promise<WorkItem> {
  return workItem(await requester.get(`/work-items/${encodeURIComponent(itemId)}`))
}

export async function readSetup(): Promise<CaseSetup> {
  return caseSetup(await requester.get('/organisation'))
}

export async function writeCase(id: string, version: number, change: Values): Promise<FullCase> {
  return fullCase(await requester.patch(at(id), { version, ...change }))
}

export async function addCase(values: Values): Promise<FullCase> {
  return fullCase(await requester.post('/cases', values))
}

export async function assignCase(id: string): Promise<string> {
  return text(record(await requester.post(`${at(id)}/assign`))['rule'])
}

export async function comment(id: string, values: Values): Promise<void> {
  await requester.post(`${at(id)}/comments`, values)
}

export async function ladders(id: string): Promise<Ladder[]> {
  return list(await requester.get(`${at(id)}/escalations`)).map(ladder)
}

function merge(value: unknown): Merge {
  const raw = record(value)
  return {
    id: text(raw['id']),
    keptId: text(raw['kept_id']),
    lostId: text(raw['lost_id']),
    mergedAt: time(raw, 'merged'),
    undoneAt: time(raw, 'undone'),
    moving: raw['moving'] === true,
  }
}

export async function merges(id: string): Promise<Merge[]> {
  return list(await requester.get(`/merges?customer_id=${encodeURIComponent(id)}`)).map(merge)
}

export async function mergeCase(id: string, lostId: string, why: string): Promise<void> {
  await requester.post(`${at(id)}/merge`, { lost_id: lostId, why })
}

export async function undoMerge(id: string): Promise<void> {
  await requester.post(`/merges/${encodeURIComponent(id)}/undo`)
}

export async function raiseLead(id: string, values: Values): Promise<void> {
  await requester.post(`${at(id)}/leads`, values)
}

export async function followers(id: string): Promise<Person[]> {
  return list(await requester.get(`${at(id)}/followers`)).map(person)
}

export async function follow(id: string, userId: string, on: boolean): Promise<void> {
  await requester.send(on ? 'PUT' : 'DELETE', `${at(id)}/followers/${encodeURIComponent(userId)}`)
}

export async function links(id: string): Promise<Link[]> {
  return list(await requester.get(`${at(id)}/links`)).map(link)
}

export async function setLink(id: string, one: Link, on: boolean): Promise<void> {
  await requester.send(on ? 'PUT' : 'DELETE', `${at(id)}/links/${one.kind}/${encodeURIComponent(one.id)}`)
}

/** Say that the case is open here; hear who else has it open, and when to say it again. */
export async function look(
  id: string, typing: boolean,
): Promise<{ viewers: Viewer[]; lines: number; againMs: number }> {
  const raw = record(await requester.send('PUT', `${at(id)}/viewers`, { typing }))
  const viewers = list(raw['viewers']).map((one) => ({
    ...person(one), typing: flag(record(one)['typing']),
  }))
  return { viewers, lines: count(raw['lines']), againMs: count(raw['again_ms']) }
}

export async function leave(id: string): Promise<void> {
  await requester.send('DELETE', `${at(id)}/viewers`)
}

export async function contactsLike(words: string): Promise<Profile[]> {
  const query = new URLSearchParams({ text: words, limit: '8' })
  return list(await requester.get(`/contacts?${query}`)).map(profile)
}

export async function attachments(id: string): Promise<Attachment[]> {
  return list(await requester.get(`${at(id)}/attachments`)).map(attachment)
}

export async function detach(id: string): Promise<void> {
  await requester.send('DELETE', `/attachments/${encodeURIComponent(id)}`)
}

export const fileAddress = (id: string): string => `/api/v1/attachments/${encodeURIComponent(id)}`

/** Send a file; ``progress`` hears the share that is sent. fetch cannot tell it, so this is the older way. */
export function attach(
  id: string, file: File, isPublic: boolean, progress: (share: number) => void,
): Promise<Attachment> {
  const query = new URLSearchParams({ case_id: id, name: file.name, public: String(isPublic) })
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', `/api/v1/attachments?${query}`)
    request.setRequestHeader('Content-Type', file.type || 'application/octet-stream')
    request.setRequestHeader('X-CSRF-Token', requester.csrf)
    request.setRequestHeader('Idempotency-Key', newId())
    request.timeout = 300_000
    request.upload.onprogress = (sent) => {
      if (sent.lengthComputable) progress(sent.loaded / sent.total)
    }
    const refuse = (): void => {
      const status = request.status || 503
      void problemOf(new Response(request.responseText, { status })).then(reject)
    }
    request.onload = () => (request.status < 300 ? resolve(attachment(JSON.parse(request.responseText))) : refuse())
    request.onerror = request.ontimeout = refuse
    request.send(file)
  })
}

/** A field that differs between two states of a case. */
export interface Difference {
  field: string
  from: unknown
  to: unknown
}

const COMPARED = [
  'subject', 'status', 'priority', 'type', 'queue', 'ownerId', 'team', 'tags', 'description',
  'contactId', 'accountId', 'parentId', 'routed', 'rating',
] as const

/** Tell in which fields a case differs; custom fields are named ``fields.key``. */
export function differences(before: FullCase, after: FullCase): Difference[] {
  const found: Difference[] = []
  const compare = (field: string, from: unknown, to: unknown): void => {
    if (JSON.stringify(from) !== JSON.stringify(to)) found.push({ field, from, to })
  }
  for (const field of COMPARED) compare(field, before[field], after[field])
  const keys = new Set([...Object.keys(before.fields), ...Object.keys(after.fields)])
  for (const key of keys) compare('fields.' + key, before.fields[key] ?? null, after.fields[key] ?? null)
  return found
}

/** The milestone that matters now: the one due first, else the first that stands still. */
export function nextDue(one: FullCase): Milestone | null {
  const running = one.milestones.filter((each) => each.state === 'running' && each.dueAt > 0)
  return running.sort((each, other) => each.dueAt - other.dueAt)[0] ??
    one.milestones.find((each) => each.state === 'paused') ?? null
}
