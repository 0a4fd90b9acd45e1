import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { createPinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { bulkChanges, startOf } from '@/console/cases/bulk'
import BulkDialog from '@/console/cases/BulkDialog.vue'
import { isEmpty, NOTHING, toggled, toggledShown } from '@/console/cases/selection'
import JobDetail from '@/console/jobs/JobDetail.vue'
import { isNewer, tellJob } from '@/console/jobs/news'
import { requester } from '@/shared/engine'
import { i18n } from '@/shared/i18n'
import { frame, job } from '@/shared/parse'
import { Problem } from '@/shared/problem'

const SHOWN = ['a', 'b', 'c', 'd']
let page: VueWrapper | undefined

afterEach(() => {
  page?.unmount()
  page = undefined
  vi.restoreAllMocks()
  vi.useRealTimers()
})

describe('a selection', () => {
  it('takes and leaves one, and a stretch as the list has it', () => {
    const one = toggled(NOTHING, 'b', SHOWN, false)
    expect([...one.ids]).toEqual(['b'])
    const three = toggled(one, 'd', SHOWN, true)
    expect([...three.ids].sort()).toEqual(['b', 'c', 'd'])
    expect([...toggled(three, 'b', SHOWN, true).ids]).toEqual([])
    expect([...toggled(NOTHING, 'c', SHOWN, true).ids]).toEqual(['c'])
  })

  it('takes all that are shown, then none; one left out of all of the filter leaves those shown', () => {
    const all = toggledShown(NOTHING, SHOWN)
    expect(all.ids.size).toBe(4)
    expect(isEmpty(toggledShown(all, SHOWN))).toBe(true)
    const without = toggled({ ...NOTHING, all: true }, 'b', SHOWN, false)
    expect([...without.ids]).toEqual(['a', 'c', 'd'])
    expect(without.all).toBe(false)
  })
})

describe('what many cases become', () => {
  it('has the own fields together, and a priority that is whole', () => {
    const rows = [
      { field: 'status', value: 'open' }, { field: 'fields.batch', value: 'B' }, { field: 'fields.tins', value: null },
      { field: 'priority', value: 2.6 },
    ]
    expect(bulkChanges(rows)).toEqual({ status: 'open', priority: 3, fields: { batch: 'B', tins: null } })
    expect(startOf('tags', undefined)).toEqual([])
  })

  it('stays filled in where it cannot be begun', async () => {
    vi.spyOn(requester, 'get').mockResolvedValue({})
    const post = vi.spyOn(requester, 'post').mockRejectedValueOnce(new Problem(503, {}))
      .mockResolvedValue({ id: 'j', kind: 'bulk_edit', state: 'waiting', total: 2 })
    page = mount(BulkDialog, {
      props: { kind: 'edit', which: { case_ids: ['a', 'b'] }, words: 'two' },
      global: { plugins: [i18n, createPinia()] }, attachTo: document.body,
    })
    await page.get('[data-test=bulk-add]').setValue('priority')
    await page.get('[data-test=bulk-value-priority]').setValue('4')
    await page.get('[data-test=bulk-why]').setValue('Spring')
    await page.get('form').trigger('submit')
    await flushPromises()
    expect(page.get('[data-test=bulk-failed]').text()).not.toBe('')
    await page.get('form').trigger('submit')
    await flushPromises()
    expect(post).toHaveBeenLastCalledWith('/cases/bulk', { case_ids: ['a', 'b'], changes: { priority: 4 }, why: 'Spring' })
    expect(page.emitted('begun')?.[0]?.[0]).toMatchObject({ id: 'j', total: 2 })
  })
})

describe('a job', () => {
  const asked: string[] = []
  beforeEach(() => {
    vi.useFakeTimers()
    const states = [{ state: 'running', done: 1, failed: 0 }, { state: 'done', done: 2, failed: 1 }]
    vi.spyOn(requester, 'get').mockImplementation((path) => {
      asked.push(path)
      if (path.includes('failures')) {
        const one = { number: 2, case_id: 'x', case_number: 12, reason: 'stale-version', detail: 'D' }
        return Promise.resolve({ items: [one] })
      }
      if (!path.startsWith('/jobs')) return Promise.resolve({})
      return Promise.resolve({ id: 'j', kind: 'macro', total: 3, asked_by: 'u', ...(states.shift() ?? {}) })
    })
  })

  it('is followed to its end and tells what failed', async () => {
    page = mount(JobDetail, { props: { id: 'j' }, global: { plugins: [i18n, createPinia()] } })
    await flushPromises()
    expect(page.get('[data-test=job-progress]').text()).toContain('1 of 3')
    expect(page.find('[data-test=job-cancel]').exists()).toBe(true)
    tellJob(job({ id: 'other', state: 'done', total: 9, done: 9 }))
    tellJob(job({ id: 'j', kind: 'macro', state: 'running', total: 3, done: 2 }))
    tellJob(job({ id: 'j', kind: 'macro', state: 'running', total: 3, done: 1 })) // late: passed over
    await flushPromises()
    expect(page.get('[data-test=job-progress]').text()).toContain('2 of 3')
    const reads = asked.length
    await vi.advanceTimersByTimeAsync(10_000)
    expect(asked.length).toBe(reads)
    await vi.advanceTimersByTimeAsync(6_000) // nothing was told of its end
    await flushPromises()
    expect(page.get('[data-test=job-failure]').text()).toContain('A colleague changed this meanwhile.')
    expect(page.get('[data-test=job-failure] a').attributes('href')).toBe('#/cases/x')
    expect(page.find('[data-test=job-cancel]').exists()).toBe(false)
    const before = asked.length
    await vi.advanceTimersByTimeAsync(40_000)
    expect(asked.length).toBe(before)
  })

  it('is over for good, and what is told of it is read from a frame', () => {
    const told = frame({ type: 'job', id: 'j', kind: 'macro', state: 'done', total: 2, done: 2 })
    expect(told).toMatchObject({ type: 'job', job: { id: 'j', state: 'done', done: 2 } })
    expect(isNewer(job({ state: 'running', done: 1 }), job({ state: 'done', done: 1 }))).toBe(false)
    expect(isNewer(job({ state: 'cancelled', done: 0 }), job({ state: 'running', done: 1 }))).toBe(true)
  })
})
