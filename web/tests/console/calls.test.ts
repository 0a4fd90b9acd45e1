// Calls of the agent's telephones: what the frame says, and what each opens, once and never over what he writes.
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { callerOf, placeOf, useCalls } from '@/console/calls/calls'
import type { AgentCall } from '@/shared/calls'
import * as parse from '@/shared/parse'

const VERA = { kind: 'contact', id: 'c 1', title: 'Vera', number: 0 }

function told(more: object = {}, pop: object = {}): AgentCall {
  const call = {
    id: 'k', state: 'ringing', direction: 'inbound', number: '+441632960001', given: { account: 'K-7' },
    contact_id: 'c 1', contact_name: 'Vera', known: true, leg_state: 'ringing', since: '2026-11-22T12:00:00Z',
    pop: { action: 'match', by: 'number', open: VERA, matches: [VERA], url: '', ...pop }, ...more,
  }
  const frame = parse.frame({ type: 'calls', calls: [call] })
  if (frame.type !== 'calls' || !frame.calls[0]) throw new Error('no calls')
  return frame.calls[0]
}

beforeEach(() => {
  setActivePinia(createPinia())
  location.hash = ''
  document.body.innerHTML = ''
})

afterEach(() => vi.restoreAllMocks())

describe('the frame', () => {
  it('is read with harmless values for what is missing', () => {
    const frame = parse.frame({ type: 'calls', calls: [{ id: 'k' }] })
    expect(frame).toMatchObject({ calls: [{ id: 'k', given: [], contactName: '', pop: { open: null, matches: [] } }] })
    expect(told().given).toEqual([['account', 'K-7']])
  })

  it('opens pages only, whatever the address says', () => {
    expect(told({}, { url: 'javascript:alert(1)' }).pop.url).toBe('')
    expect(told({}, { url: 'https://crm.example/?n=1' }).pop.url).toBe('https://crm.example/?n=1')
  })
})

describe('a call', () => {
  it('opens whom it is about, once', () => {
    const store = useCalls()
    store.take([told()])
    expect(location.hash).toBe('#/contacts/c%201')
    location.hash = '#/cases'
    store.take([told({ leg_state: 'talking' })])
    expect(location.hash).toBe('#/cases')
    store.take([])
    store.take([told({ id: 'other' })])
    expect(location.hash).toBe('#/contacts/c%201')
  })

  it('takes nobody from what he writes', () => {
    document.body.innerHTML = '<textarea>Dear</textarea>'
    document.querySelector('textarea')?.focus()
    useCalls().take([told()])
    expect(location.hash).toBe('')
    expect(useCalls().calls).toHaveLength(1)
  })

  it('asks for the name of who calls for the first time, and keeps the form when the call ends', () => {
    const store = useCalls()
    const first = told({ contact_name: '', known: false }, { action: 'new', by: '', open: null, matches: [] })
    store.take([first])
    expect(store.naming?.id).toBe('k')
    store.take([])
    expect(store.naming?.id).toBe('k')
    expect(location.hash).toBe('')
  })

  it('lists several, and opens none of them', () => {
    const store = useCalls()
    store.take([told({}, { action: 'list', open: null, matches: [VERA, { ...VERA, id: 'a', kind: 'account' }] })])
    expect([location.hash, store.naming]).toEqual(['', null])
  })

  it('opens another program’s page beside', () => {
    const open = vi.spyOn(window, 'open').mockReturnValue(null)
    const url = 'https://crm.example/?n=1'
    useCalls().take([told({}, { action: 'url', open: null, url })])
    expect(open).toHaveBeenCalledWith(url, '_blank', 'noopener,noreferrer')
    expect(location.hash).toBe('')
  })

  it('names who it is as well as it is known', () => {
    expect(callerOf(told())).toBe('Vera')
    expect(callerOf(told({ contact_name: '' }))).toBe('+441632960001')
    expect(placeOf({ kind: 'case', id: 'x', title: '', number: 3 })).toBe('#/cases/x')
  })
})
