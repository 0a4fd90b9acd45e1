import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { createPinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import CommentBox from '@/console/cases/CommentBox.vue'
import MacroDialog from '@/console/cases/MacroDialog.vue'
import { fullCase } from '@/shared/cases'
import { requester } from '@/shared/engine'
import { i18n } from '@/shared/i18n'
import { macroOffer, matching } from '@/shared/macros'
import { Problem } from '@/shared/problem'

const CASE = { id: 'c1', number: 7, status: 'open', version: 3 }
const OFFERS = [
  {
    key: 'tin', name: 'Send a tin', refusal: '',
    actions: [{ action: 'reply', text: 'sorry' }, { action: 'assign', who: 'team_lead', fault: 'nobody is team_lead' }],
    changes: [{ field: 'fields', from: { batch: 'B' }, to: { batch: 'B', cause: 'product' } }],
  },
  { key: 'close', name: 'Close', refusal: 'The field cause is needed.', actions: [], changes: [] },
]
let page: VueWrapper | undefined

async function open(): Promise<void> {
  page = mount(MacroDialog, {
    props: { shown: fullCase(CASE) }, global: { plugins: [i18n, createPinia()] }, attachTo: document.body,
  })
  await flushPromises()
}

beforeEach(() => {
  vi.spyOn(requester, 'get').mockImplementation((path) => {
    if (path.startsWith('/quick-texts')) return Promise.resolve({ items: [{ key: 'sorry', body: 'Dear Vera' }] })
    return Promise.resolve(path.includes('/macros') ? { items: OFFERS } : {})
  })
})
afterEach(() => {
  page?.unmount()
  page = undefined
  vi.restoreAllMocks()
})

const find = () => page!.get('[data-test=macro-find]')
const ran = (actions: object[] = []) => ({ case: { ...CASE, version: 4 }, actions })

describe('a macro', () => {
  it('tells of the own fields only what differs', () => {
    expect(macroOffer(OFFERS[0]).changes).toEqual([{ field: 'fields.cause', from: null, to: 'product' }])
  })

  it('that needs a yes is asked for from where it is refused', async () => {
    const needs = [{ key: 'over', name: 'Closing' }]
    vi.mocked(requester.get).mockImplementation((path) =>
      Promise.resolve(path.includes('/macros') ? { items: [OFFERS[0], { ...OFFERS[1], needs, asked: false }] } : {}))
    const post = vi.spyOn(requester, 'post').mockResolvedValue({ id: 'a' })
    await open()
    expect(page!.find('[data-test=macro-ask-tin]').exists()).toBe(false)
    await page!.get('[data-test=macro-ask-close]').trigger('click')
    expect(page!.get('[data-test=approval-macro]').text()).toContain('Close')
    await page!.get('[data-test=approval-ask]').trigger('submit')
    await flushPromises()
    expect(post).toHaveBeenCalledWith('/cases/c1/approvals', { process: 'over', reason: '', macro: 'close' })
    expect(page!.emitted('asked')).toHaveLength(1)
  })

  it('whose yes is waited for already is not asked for again', async () => {
    vi.mocked(requester.get).mockImplementation((path) => Promise.resolve(
      path.includes('/macros') ? { items: [{ ...OFFERS[1], needs: [{ key: 'over', name: 'Closing' }], asked: true }] } : {}))
    const post = vi.spyOn(requester, 'post')
    await open()
    await find().trigger('keydown', { key: 'Enter' })
    expect(page!.get('[data-test=approval-ask]').text()).toContain('Closing')
    expect(page!.find('[data-test=approval-send]').exists()).toBe(false)
    expect(post).not.toHaveBeenCalled()
  })

  it('is found by every word typed', () => {
    expect(matching([{ key: 'a', name: 'Send a tin' }, { key: 'b', name: 'Send' }], 'send TIN').map((one) => one.key)).toEqual(['a'])
  })

  it('shows what it would do, what it would say, and what it would pass over', async () => {
    await open()
    const words = page!.get('[data-test=macro-tin]').text()
    expect(words).toContain('Dear Vera')
    expect(words).toContain('is passed over: there is nobody who is the team’s lead')
    expect(page!.get('[data-test=macro-refusal-close]').text()).toContain('The field cause is needed.')
  })

  it('runs by Enter, under the version that is shown, and twice tried is once asked', async () => {
    const post = vi.spyOn(requester, 'post').mockRejectedValueOnce(new Problem(0, { slug: 'unreachable' })).mockResolvedValue(ran())
    await open()
    await find().trigger('keydown', { key: 'Enter' })
    await flushPromises()
    await find().trigger('keydown', { key: 'Enter' })
    await flushPromises()
    expect(post.mock.calls.map(([path]) => path)).toEqual(['/cases/c1/macros/tin', '/cases/c1/macros/tin'])
    expect(post.mock.calls[0]?.[1]).toMatchObject({ version: 3 })
    expect(post.mock.calls[1]?.[1]).toEqual(post.mock.calls[0]?.[1])
    expect(page!.emitted('ran')).toHaveLength(1)
  })

  it('that is refused is not asked for', async () => {
    const post = vi.spyOn(requester, 'post')
    await open()
    await find().trigger('keydown', { key: 'ArrowDown' })
    await find().trigger('keydown', { key: 'Enter' })
    expect(find().attributes('aria-activedescendant')).toBe(page!.get('[data-test=macro-close]').attributes('id'))
    expect(post).not.toHaveBeenCalled()
  })

  it('does nothing where somebody was faster, and says so', async () => {
    vi.spyOn(requester, 'post').mockRejectedValue(new Problem(409, { slug: 'stale-version' }))
    await open()
    await find().trigger('keydown', { key: 'Enter' })
    await flushPromises()
    expect(page!.find('[data-test=macro-moved]').exists()).toBe(true)
    expect(page!.emitted('stale')).toHaveLength(1)
    expect(page!.emitted('ran')).toBeUndefined()
  })
})

describe('a comment', () => {
  it('takes a quick text by keyboard and is not saved by that', async () => {
    const post = vi.spyOn(requester, 'post').mockResolvedValue({})
    page = mount(CommentBox, { props: { caseId: 'c1' }, global: { plugins: [i18n, createPinia()] }, attachTo: document.body })
    const area = page!.get<HTMLTextAreaElement>('[data-test=case-comment]')
    await area.setValue('/so')
    await flushPromises()
    await area.trigger('keydown', { key: 'Enter', ctrlKey: true })
    await flushPromises()
    expect(area.element.value).toBe('Dear Vera')
    expect(post).not.toHaveBeenCalled()
    await area.trigger('keydown', { key: 'Enter', ctrlKey: true })
    await flushPromises()
    expect(post).toHaveBeenCalledOnce()
    expect(area.element.value).toBe('')
  })
})
