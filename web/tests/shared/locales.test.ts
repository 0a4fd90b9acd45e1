// Both languages say the same things, nothing is missing and nothing is left over.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import en from '@/locales/en.json'
import zhCN from '@/locales/zh-CN.json'

type Texts = { [key: string]: string | Texts }

function flatten(texts: Texts, before = ''): Map<string, string> {
  const flat = new Map<string, string>()
  for (const [key, value] of Object.entries(texts)) {
    const path = before ? `${before}.${key}` : key
    if (typeof value === 'string') flat.set(path, value)
    else for (const [inner, text] of flatten(value, path)) flat.set(inner, text)
  }
  return flat
}

function sources(): string {
  const folders = ['console', 'wallboard', 'shared']
  const files = folders.flatMap((folder) =>
    readdirSync(join('src', folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(ts|vue)$/.test(name))
      .map((name) => join('src', folder, name)),
  )
  return files.map((file) => readFileSync(file, 'utf8')).join('\n')
}

const english = flatten(en)
const chinese = flatten(zhCN)
const code = sources()
const KEY = /['`]([a-z]\w*(?:\.\w+)+)['`]/gi
const PREFIX = /`([a-z]\w*(?:\.\w+)*\.)\$\{/gi
const CALL = /\bt\(\s*'([^']+)'/g
const prefixes = Array.from(code.matchAll(PREFIX), (match) => match[1] ?? '')
const whole = new Set(Array.from(code.matchAll(KEY), (match) => match[1] ?? ''))
const placeholders = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).sort()

describe('the two languages', () => {
  it('have the same keys', () => {
    expect([...chinese.keys()].sort()).toEqual([...english.keys()].sort())
  })

  it('leave the same places open', () => {
    for (const [key, text] of english) {
      const once = new Set(placeholders(text))
      expect(new Set(placeholders(chinese.get(key) ?? '')), key).toEqual(once)
    }
  })

  it('leave nothing empty', () => {
    for (const [key, text] of [...english, ...chinese]) expect(text.trim(), key).not.toBe('')
  })
})

describe('the code', () => {
  it('asks for no text that does not exist', () => {
    const missing = Array.from(code.matchAll(CALL), (match) => match[1] ?? '')
      .filter((key) => !english.has(key))
    expect(missing).toEqual([])
    for (const prefix of prefixes) {
      expect([...english.keys()].some((key) => key.startsWith(prefix)), prefix).toBe(true)
    }
  })

  it('uses every text', () => {
    const left = [...english.keys()].filter(
      (key) => !whole.has(key) && !prefixes.some((prefix) => key.startsWith(prefix)),
    )
    expect(left).toEqual([])
  })
})
