// What a file is and which columns it has, from its beginning (pure).
import { record } from '@/shared/parse'
import type { Column, Format } from '@/shared/transfers'

/** Bytes of a file that are looked at. */
export const HEAD_BYTES = 65_536
const BETWEEN = { comma: ',', semicolon: ';', tab: '\t' } as const

export function formatOf(name: string): Format {
  const end = name.toLowerCase().split('.').at(-1)
  if (end === 'jsonl' || end === 'ndjson') return 'jsonl'
  return end === 'json' ? 'json' : 'csv'
}

/** Read text; UTF-16 in the order that its mark says. */
export function decoded(bytes: ArrayBuffer, charset: string): string {
  const [first, second] = new Uint8Array(bytes)
  const name = charset === 'utf-16' && first === 0xfe && second === 0xff ? 'utf-16be' : charset
  return new TextDecoder(name).decode(bytes, { stream: true })
}

function cells(line: string, between: string): string[] {
  const found: string[] = []
  let [cell, quoted] = ['', false]
  for (let at = 0; at < line.length; at += 1) {
    const one = line[at] ?? ''
    if (quoted && one === '"' && line[at + 1] === '"') [cell, at] = [cell + '"', at + 1]
    else if (one === '"' && (quoted || !cell)) quoted = !quoted
    else if (!quoted && one === between) {
      found.push(cell)
      cell = ''
    } else cell += one
  }
  return [...found, cell].map((name) => name.trim())
}

/** Return the first whole object in the text; null where it does not end in it. */
function firstObject(text: string): unknown {
  const start = text.indexOf('{')
  let [depth, quoted] = [0, false]
  for (let at = start; start >= 0 && at < text.length; at += 1) {
    const one = text[at]
    if (quoted && one === '\\') at += 1
    else if (one === '"') quoted = !quoted
    else if (!quoted && one === '{') depth += 1
    else if (!quoted && one === '}' && (depth -= 1) === 0) {
      try {
        return JSON.parse(text.slice(start, at + 1)) as unknown
      } catch {
        return null
      }
    }
  }
  return null
}

/** Name the columns of a file: of CSV its first line, else the names in its first object; none: it cannot be read so. */
export function namesIn(text: string, format: Format, delimiter: keyof typeof BETWEEN | ''): string[] {
  if (format !== 'csv') return Object.keys(record(firstObject(text)))
  const line = text.replace(/^\uFEFF/, '').split(/\r?\n|\r/, 1)[0] ?? ''
  const often = Object.values(BETWEEN).map((sign) => ({ sign, times: cells(line, sign).length }))
  const likely = often.reduce((most, one) => (one.times > most.times ? one : most)).sign
  return [...new Set(cells(line, delimiter ? BETWEEN[delimiter] : likely))].filter(Boolean)
}

const plain = (name: string): string => name.toLowerCase().replace(/[\s_-]+/g, '')

/** Give each name in the file the column that is called so; left out where there is none. */
export function mapped(names: readonly string[], columns: readonly Column[]): Record<string, string> {
  const known = new Map(columns.map((one) => [plain(one.name), one.name]))
  const own = new Map(columns.filter((one) => one.name.startsWith('fields.')).map((one) => [plain(one.name.slice(7)), one.name]))
  return Object.fromEntries(names.map((name) => [name, known.get(plain(name)) ?? own.get(plain(name)) ?? '']))
}
