import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import ApprovalAsk from '@/console/approvals/ApprovalAsk.vue'
import ApprovalCard from '@/console/approvals/ApprovalCard.vue'
import DeputyList from '@/console/approvals/DeputyList.vue'
import { withAnswered } from '@/console/approvals/inbox'
import { useCasePage } from '@/console/cases/useCasePage'
import { approval, parts } from '@/shared/approvals'
import { requester } from '@/shared/engine'
import { i18n } from '@/shared/i18n'
import { Problem } from '@/shared/problem'
import { useSession } from '@/shared/session'

const RAW = {
  id: 'a1', case_id: 'c1', case_number: 7, process: 'refund', process_name: 'Refund', state: 'waiting', step: 1, steps: 1,
  changes: { priority: 3, fields: { refund: 150 } }, version: 2, may: ['approve', 'refuse', 'delegate'], reason: 'Two tins',
  turns: [{ number: 1, step: 1, role: 'supervisor', state: 'waiting' }],
}
let page: VueWrapper | undefined

beforeEach(() => {
  setActivePinia(createPinia())
  vi.spyOn(requester, 'get').mockResolvedValue({})
})
afterEach(() => {
  page?.unmount()
  page = undefined
  vi.restoreAllMocks()
})

function card(): VueWrapper {
  page = mount(ApprovalCard, { props: { shown: approval(RAW), withCase: true }, global: { plugins: [i18n] }, attachTo: document.body })
  return page
}

describe('the inbox', () => {
  it('keeps what was answered in its place when the list is read anew', () => {
    const [older, newer, newest] = ['a1', 'a2', 'a3'].map((id) => approval({ ...RAW, id }))
    const answered = new Map([['a2', { ...newer!, state: 'approved' as const }]])
    const shown = withAnswered({ items: [newest!, older!], waiting: 2, asked: 0 }, answered)
    expect(shown.items.map((one) => [one.id, one.state])).toEqual([['a3', 'waiting'], ['a2', 'approved'], ['a1', 'waiting']])
    expect(shown.waiting).toBe(2)
    expect(withAnswered({ items: [newer!], waiting: 1, asked: 0 }, answered).items).toEqual([newer])
  })
})

describe('an approval', () => {
  it('tells what is asked for, field by field, and who has not answered', () => {
    expect(parts(RAW.changes)).toEqual([['priority', 3], ['fields.refund', 150]])
    const words = card().text()
    expect(words).toContain('Anybody who is a supervisor: has not answered')
    expect(words).toContain('Two tins')
    expect(page!.find('[data-test=approval-withdraw]').exists()).toBe(false)
  })

  it('is refused with a reason only, under the version that was looked at', async () => {
    const post = vi.spyOn(requester, 'post').mockResolvedValue({ ...RAW, state: 'refused', may: [] })
    await card().get('[data-test=approval-refuse]').trigger('click')
    expect(page!.get('[data-test=approval-save]').attributes('disabled')).toBeDefined()
    await page!.get('[data-test=approval-note]').setValue('Too much')
    await page!.get('form').trigger('submit')
    await flushPromises()
    expect(post).toHaveBeenCalledWith('/approvals/a1/refuse', { version: 2, note: 'Too much' })
    expect(page!.emitted('changed')).toHaveLength(1)
  })

  it('that has moved on is shown as it is, and the note stays', async () => {
    const fresh = { ...RAW, version: 3, may: ['approve'] }
    vi.spyOn(requester, 'post').mockRejectedValue(new Problem(409, { slug: 'stale-version', approval: fresh }))
    await card().get('[data-test=approval-approve]').trigger('click')
    await page!.get('[data-test=approval-note]').setValue('Fine')
    await page!.get('form').trigger('submit')
    await flushPromises()
    expect(page!.find('[data-test=approval-moved]').exists()).toBe(true)
    expect(page!.get<HTMLTextAreaElement>('[data-test=approval-note]').element.value).toBe('Fine')
    expect(page!.emitted('changed')?.[0]?.[0]).toMatchObject({ version: 3 })
  })
})

describe('a change that needs a yes', () => {
  it('is kept as it was wanted', async () => {
    vi.spyOn(requester, 'get').mockResolvedValue({ case: { id: 'c1', version: 1 } })
    vi.spyOn(requester, 'patch').mockRejectedValue(new Problem(409, {
      slug: 'needs-approval', processes: [{ key: 'refund', name: 'Refund' }], approval_ids: [],
    }))
    const { load, change, needed } = useCasePage(() => undefined)
    await load('c1')
    expect(await change({ fields: { refund: 150 } })).toBe(false)
    expect(needed.value).toEqual({
      mine: { fields: { refund: 150 } }, processes: [{ key: 'refund', name: 'Refund', macros: [] }], waiting: false,
    })
  })

  it('is asked for; the reason stays where that fails', async () => {
    const post = vi.spyOn(requester, 'post').mockRejectedValueOnce(new Problem(409, { slug: 'approval-waiting', detail: 'W' }))
      .mockResolvedValue(RAW)
    const needed = { mine: { priority: 9 }, processes: [{ key: 'urgent', name: 'Urgent', macros: [] }], waiting: false }
    page = mount(ApprovalAsk, { props: { needed, caseId: 'c1' }, global: { plugins: [i18n] } })
    await page.get('[data-test=approval-reason]').setValue('VIP')
    await page.trigger('submit')
    await flushPromises()
    expect(page.get('[data-test=approval-failed]').text()).toContain('W')
    await page.trigger('submit')
    await flushPromises()
    expect(post).toHaveBeenLastCalledWith('/cases/c1/approvals', { process: 'urgent', reason: 'VIP', changes: { priority: 9 } })
    expect(page.emitted('asked')).toHaveLength(1)
  })
})

describe('deputies', () => {
  const RAW_DEPUTY = {
    id: 'd1', user_id: 'u1', user_name: 'Ben', deputy_id: 'u2', deputy_name: 'Sue', note: 'Leave',
    from_at: '2026-01-01T00:00:00Z', to_at: '2027-01-01T00:00:00Z',
  }

  it('are listed with their time, named, and ended', async () => {
    vi.spyOn(requester, 'get').mockImplementation((path) =>
      Promise.resolve(path === '/deputies' ? { items: [RAW_DEPUTY] } : { agents: [{ id: 'u2', name: 'Sue', status: 'ready' }] }),
    )
    const post = vi.spyOn(requester, 'post').mockResolvedValue({})
    const gone = vi.spyOn(requester, 'send').mockResolvedValue({})
    useSession().signed = { user: { id: 'u1', role: 'agent' } } as never
    page = mount(DeputyList, { global: { plugins: [i18n] }, attachTo: document.body })
    await flushPromises()
    expect(page.get('[data-test=deputy]').text()).toContain('Sue stands in for Ben')
    await page.get('[data-test=deputy-add]').trigger('click')
    await flushPromises()
    expect(page.find('[data-test=deputy-user]').exists()).toBe(false)
    expect(page.get('[data-test=deputy-save]').attributes('disabled')).toBeDefined()
    await page.get('[data-test=deputy-who]').setValue('u2')
    await page.get('[data-test=deputy-to]').setValue('2026-12-24T12:00')
    await page.get('form').trigger('submit')
    await flushPromises()
    const to = new Date('2026-12-24T12:00').toISOString()
    expect(post).toHaveBeenCalledWith('/deputies', { user_id: '', deputy_id: 'u2', note: '', to_at: to })
    await page.get('[data-test=deputy-end]').trigger('click')
    await flushPromises()
    expect(gone).toHaveBeenCalledWith('DELETE', '/deputies/d1')
  })
})
