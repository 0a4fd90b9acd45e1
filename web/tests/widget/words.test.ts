import { describe, expect, it } from 'vitest'
import { STYLES } from '@/widget/styles'
import { chooseLocale, errorText, speaker } from '@/widget/texts'
import type { TextKey } from '@/widget/texts'

const SLUGS = ['too-fast', 'too-large', 'too-many-sockets', 'origin-refused', 'unknown-channel', 'unknown-session',
  'interaction-closed', 'unavailable']

describe('words', () => {
  it('fill in names literally', () => {
    expect(speaker('en')('joined', { name: '$& <b>' })).toBe('$& <b> has joined the chat.')
    expect(speaker('zh-CN')('position', { n: 3 })).toContain('3')
  })

  it('name every error in both languages', () => {
    for (const locale of ['en', 'zh-CN'] as const) {
      const say = speaker(locale)
      const other = errorText(say, 'no-such-slug')
      for (const slug of SLUGS) expect(errorText(say, slug)).not.toBe(other)
    }
  })

  it('differ between the languages', () => {
    for (const key of ['start', 'send', 'ended', 'position', 'caseNumber'] as TextKey[]) {
      expect(speaker('en')(key)).not.toBe(speaker('zh-CN')(key))
    }
  })

  it.each([
    [['zh-CN'], 'zh-CN'],
    [['zh-TW', 'en'], 'zh-CN'],
    [['fr', 'zh'], 'zh-CN'],
    [[undefined, 'en-GB'], 'en'],
    [['fr'], 'en'],
    [['', null], 'en'],
  ])('follow the wishes %j: %s', (wishes, locale) => {
    expect(chooseLocale(wishes)).toBe(locale)
  })
})

/** Relative luminance and contrast, WCAG 2.2. */
function luminance(hex: string): number {
  const full = hex.length === 4 ? hex.replace(/[0-9a-f]/g, '$&$&') : hex
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = parseInt(full.slice(at, at + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

function contrast(one: string, other: string): number {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a)
  return (light + 0.05) / (dark + 0.05)
}

describe('colours', () => {
  const schemes = [...STYLES.matchAll(/--a:.*?color-scheme:(light|dark)/gs)].map((match) => {
    const colour = (name: string): string => new RegExp(`--${name}:var\\([^,]+,(#[0-9a-f]+)\\)`).exec(match[0])?.[1] ?? ''
    return { scheme: match[1], colour }
  })

  it('are readable in light and dark', () => {
    expect(new Set(schemes.map(({ scheme }) => scheme))).toEqual(new Set(['light', 'dark']))
    for (const { colour } of schemes) {
      for (const [text, ground] of [['oa', 'a'], ['t', 's'], ['t', 's2'], ['m', 's'], ['m', 's2'], ['e', 's'], ['a', 's']] as const) {
        expect(contrast(colour(text), colour(ground)), `${text} on ${ground}`).toBeGreaterThanOrEqual(4.5)
      }
    }
  })
})
