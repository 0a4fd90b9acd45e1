// Every pair of text and ground reaches 4.5:1 (WCAG 2.2, 1.4.3) in both themes.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const css = readFileSync('src/shared/tokens.css', 'utf8')

function tokensOf(block: string): Map<string, string> {
  return new Map(
    Array.from(block.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/g), (match) => [
      match[1] ?? '', match[2] ?? '',
    ]),
  )
}

const [light = '', chosen = '', preferred = ''] = css.split(/(?=:root\[data-theme|@media)/)
const themes = { light: tokensOf(light), dark: tokensOf(chosen) }

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(colour.slice(at, at + 2), 16) / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

function contrast(one: string, other: string): number {
  const [dark = 0, bright = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b)
  return (bright + 0.05) / (dark + 0.05)
}

const GROUNDS = ['bg', 'surface', 'surface-2', 'surface-3']
const PAIRS: [string, string][] = [
  ...['text', 'text-2'].flatMap((text): [string, string][] => GROUNDS.map((one) => [text, one])),
  ...['bg', 'surface', 'surface-2'].map((ground): [string, string] => ['text-3', ground]),
  ...['accent-text', 'danger-text', 'warn-text', 'ok-text'].map(
    (text): [string, string] => [text, 'surface'],
  ),
  ['accent-text', 'surface-2'],
  ['accent-text', 'accent-soft'],
  ['accent-text', 'bubble-own'],
  ['on-accent', 'accent'],
  ['on-accent', 'accent-hover'],
  ['on-danger', 'danger'],
  ['danger-text', 'danger-soft'],
  ['warn-text', 'warn-soft'],
  ['ok-text', 'ok-soft'],
  ['info-text', 'info-soft'],
  ['note-text', 'note-soft'],
  ['text', 'bubble'],
  ['text', 'bubble-own'],
]

describe.each(Object.entries(themes))('the %s theme', (_name, tokens) => {
  it.each(PAIRS)('shows %s on %s clearly', (text, ground) => {
    expect(contrast(tokens.get(text) ?? '', tokens.get(ground) ?? '')).toBeGreaterThanOrEqual(4.5)
  })
})

it('is the same dark whether chosen or preferred by the system', () => {
  expect(tokensOf(preferred)).toEqual(themes.dark)
})
