import { describe, expect, it } from 'vitest'
import { NOWHERE, queryOf } from '@/shared/search'

const asked = (narrow: Partial<typeof NOWHERE>): Record<string, string> =>
  Object.fromEntries(queryOf('tea', { kind: '', narrow: { ...NOWHERE, ...narrow }, after: '' }))

describe('what is asked of the search', () => {
  it('names only what it is narrowed by', () => {
    expect(asked({})).toEqual({ q: 'tea' })
    expect(asked({ owner: 'me', status: 'open', queue: 'care' })).toEqual({
      q: 'tea', owner: 'me', status: 'open', queue: 'care',
    })
    expect(queryOf('', { kind: 'case', narrow: { ...NOWHERE }, after: 'x' }).toString()).toBe('kind=case&after=x')
  })

  it('holds the whole of the last day', () => {
    const { from, to } = asked({ from: '2026-03-28', to: '2026-03-29' })
    expect(from).toBe(new Date(2026, 2, 28).toISOString())
    expect(to).toBe(new Date(2026, 2, 30).toISOString())
  })

  it('asks for no day that is none', () => {
    expect(asked({ from: '20', to: 'tomorrow' })).toEqual({ q: 'tea' })
  })
})
