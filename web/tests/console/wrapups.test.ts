import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { useWrapUps } from '@/console/wrapups'
import type { HeldItem } from '@/shared/wire'

const ITEM: HeldItem = {
  itemId: 'w1', assignment: 3, state: 'wrapup', queue: 'q', since: 0, deadline: 30_000,
  kind: 'chat', canPark: false, extensionsLeft: 0, extendMs: 0, work: null, interactionId: 'i1',
}

let asked: { url: string; body: unknown }[]
let status: number

beforeEach(() => {
  setActivePinia(createPinia())
  ;[asked, status] = [[], 200]
  vi.stubGlobal('fetch', (url: string, init: RequestInit) => {
    asked.push({ url, body: JSON.parse(String(init.body)) })
    return Promise.resolve(new Response('{"slug":"wrong-state"}', { status }))
  })
})

afterEach(() => vi.unstubAllGlobals())

describe('a wrap-up', () => {
  it('is saved once, with what was chosen, just before its time is over', async () => {
    const wrapUps = useWrapUps()
    Object.assign(wrapUps.of(ITEM), { disposition: 'solved', note: ' paid ' })
    wrapUps.look([ITEM], 27_000)
    expect(asked).toEqual([])
    wrapUps.look([ITEM], 28_500)
    wrapUps.look([ITEM], 28_750)
    await vi.waitFor(() => expect(wrapUps.drafts).toEqual({}))
    const body = { assignment: 3, disposition: 'solved', note: 'paid' }
    expect(asked).toEqual([{ url: '/api/v1/work-items/w1/wrap-up', body }])
  })

  it('is left to the engine while nothing was chosen', () => {
    const wrapUps = useWrapUps()
    wrapUps.of(ITEM).note = 'half'
    wrapUps.look([ITEM], 29_000)
    void wrapUps.finish(ITEM)
    expect(asked).toEqual([])
  })

  it('keeps what was chosen when it could not be saved, and forgets what is gone', async () => {
    status = 409
    const wrapUps = useWrapUps()
    wrapUps.of(ITEM).disposition = 'solved'
    await wrapUps.finish(ITEM)
    expect(wrapUps.of(ITEM).disposition).toBe('solved')
    wrapUps.look([], 0)
    expect(wrapUps.drafts).toEqual({})
  })
})
