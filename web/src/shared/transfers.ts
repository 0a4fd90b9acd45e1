// Files that come in and go out: contacts, accounts and cases.
import { requester } from './engine'
import { count, flag, list, record, text, time } from './parse'
import { Problem, problemOf } from './problem'

export const NOUNS = ['contact', 'account', 'case'] as const
export type Noun = (typeof NOUNS)[number]
export const FORMATS = ['csv', 'jsonl', 'json'] as const
export type Format = (typeof FORMATS)[number]
export const KNOWN = ['update', 'skip', 'fail'] as const
export const DELIMITERS = ['', 'comma', 'semicolon', 'tab'] as const
export const CHARSETS = ['utf-8', 'utf-16', 'windows-1252', 'gb18030', 'big5', 'shift_jis'] as const
export const FAILURES = 100

export interface Import {
  id: string
  noun: Noun
  name: string
  dryRun: boolean
  state: 'receiving' | 'waiting' | 'running' | 'done' | 'failed' | 'cancelled'
  received: number
  total: number
  created: number
  updated: number
  unchanged: number
  skipped: number
  failed: number
  fault: string
  askedBy: string
  askedAt: number
}

export interface Column {
  name: string
  meaning: string
}

export interface RowFailure {
  number: number
  field: string
  reason: string
  detail: string
}

/** How a file is to be read; ``map`` has a column for each name in the file, empty: left out. */
export interface ImportOptions {
  noun: Noun
  format: Format
  source: string
  known: (typeof KNOWN)[number]
  delimiter: (typeof DELIMITERS)[number]
  charset: (typeof CHARSETS)[number]
  map: Record<string, string>
  dryRun: boolean
}

export function importOf(value: unknown): Import {
  const raw = record(value)
  return {
    id: text(raw['id']),
    noun: NOUNS.find((one) => one === raw['noun']) ?? 'contact',
    name: text(raw['name']),
    dryRun: flag(raw['dry_run']),
    state: (text(raw['state']) || 'waiting') as Import['state'],
    received: count(raw['received']),
    total: count(raw['total']),
    created: count(raw['created']),
    updated: count(raw['updated']),
    unchanged: count(raw['unchanged']),
    skipped: count(raw['skipped']),
    failed: count(raw['failed']),
    fault: text(raw['fault']),
    askedBy: text(raw['asked_by']),
    askedAt: time(raw, 'asked'),
  }
}

export const isEnded = (one: Import): boolean => ['done', 'failed', 'cancelled'].includes(one.state)

const at = (id: string): string => `/imports/${encodeURIComponent(id)}`

export async function readImports(): Promise<Import[]> {
  return list(await requester.get('/imports')).map(importOf)
}

export async function readImport(id: string): Promise<Import> {
  return importOf(await requester.get(at(id)))
}

export async function cancelImport(id: string): Promise<Import> {
  return importOf(await requester.post(`${at(id)}/cancel`))
}

export async function readColumns(noun: Noun): Promise<Column[]> {
  return list(await requester.get(`/imports/columns/${noun}`)).map((one) => {
    const raw = record(one)
    return { name: text(raw['name']), meaning: text(raw['meaning']) }
  })
}

export async function readRowFailures(id: string, last = 0): Promise<RowFailure[]> {
  return list(await requester.get(`${at(id)}/failures?after_number=${last}&limit=${FAILURES}`)).map((one) => {
    const raw = record(one)
    return { number: count(raw['number']), field: text(raw['field']), reason: text(raw['reason']), detail: text(raw['detail']) }
  })
}

export const failuresAddress = (id: string): string => `/api/v1${at(id)}/failures.csv`

/** Say how a file is to be read as the engine wants to hear it; what it would take anyway is left out. */
export function importQuery(options: ImportOptions, name: string): URLSearchParams {
  const { noun, format, known, source } = options
  const query = new URLSearchParams({ noun, format, known, name: name.slice(0, 200), dry_run: String(options.dryRun), complete: 'false' })
  if (source.trim()) query.set('source', source.trim())
  if (format === 'csv' && options.delimiter) query.set('delimiter', options.delimiter)
  query.set('charset', options.charset)
  for (const [from, to] of Object.entries(options.map)) if (from !== to) query.append('map', `${from}=${to}`)
  return query
}

/** Begin an import whose file comes in pieces. */
export async function startImport(options: ImportOptions, name: string): Promise<Import> {
  return importOf(await requester.send('POST', `/imports?${importQuery(options, name)}`)) // without a body: it would be the first piece
}

const PIECE_MS = 300_000

/** Send a piece of an import's file; ``progress`` hears the bytes that are sent. fetch cannot tell them. */
export function sendPiece(
  id: string, piece: Blob, { offset, complete }: { offset: number; complete: boolean }, progress: (bytes: number) => void, signal: AbortSignal,
): Promise<Import> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('PATCH', `/api/v1${at(id)}?offset=${offset}&complete=${complete}`)
    request.setRequestHeader('Content-Type', 'application/octet-stream')
    request.setRequestHeader('X-CSRF-Token', requester.csrf)
    request.timeout = PIECE_MS
    const stop = (): void => request.abort()
    const refuse = (): void => {
      const status = request.status || 503
      void problemOf(new Response(request.responseText, { status })).then(reject)
    }
    request.upload.onprogress = (sent) => progress(sent.loaded)
    request.onload = () => {
      if (request.status >= 300) return refuse()
      resolve(importOf(JSON.parse(request.responseText)))
    }
    request.onerror = request.ontimeout = refuse
    request.onabort = () => reject(new Problem(0, { slug: 'cancelled' }))
    request.onloadend = () => signal.removeEventListener('abort', stop)
    signal.addEventListener('abort', stop)
    if (signal.aborted) return stop(), reject(new Problem(0, { slug: 'cancelled' }))
    request.send(piece)
  })
}

/** Where an export is fetched from; ``narrowed`` as the lists say it. */
export function exportAddress(noun: Noun, format: 'csv' | 'jsonl', narrowed: URLSearchParams, source = ''): string {
  const query = new URLSearchParams(narrowed)
  query.delete('limit')
  query.set('format', format)
  if (source.trim()) query.set('source', source.trim())
  return `/api/v1/exports/${noun}?${query}`
}
