import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { nextTick } from 'vue'
import { readRoute } from '@/console/route'
import { MOST, useHeld } from '@/console/submissions/held'
import HeldCount from '@/console/HeldCount.vue'
import { senderOf, submission } from '@/console/submissions/submission'
import SubmissionDetail from '@/console/submissions/SubmissionDetail.vue'
import SubmissionsPage from '@/console/submissions/SubmissionsPage.vue'
import { requester } from '@/shared/engine'
import { i18n } from '@/shared/i18n'
import { Problem } from '@/shared/problem'

const RAW = {
  id: 's1', channel: 'contact', state: 'held', reasons: ['honeypot', 'a-new-rule'], held_at: '2026-11-22T08:00:00Z', name: 'Vera',
  email: 'vera@example.com', phone: '1', locale: 'no tag', subject: '<b>Kettle</b>', body: 'It drips.\n\nBatch: KC-1',
  files: [{ name: 'note.txt', media_type: 'text/plain', size: 2_500 }],
}
const LATER = { ...RAW, state: 'released', case_id: 'c1', reasons: ['honeypot'], subject: '', body: '', decided_at: '2026-11-22T09:00:00Z' }
let page: VueWrapper | undefined

beforeEach(() => {
  setActivePinia(createPinia())
  location.hash = '#/submissions/s1'
})
afterEach(() => {
  page?.unmount()
  page = undefined
  vi.restoreAllMocks()
})

/** Answer with what stands in the engine: lists by their query, one by its id. */
function engineHas(items: object[], one: object = RAW) {
  return vi.spyOn(requester, 'get').mockImplementation((path) => {
    if (path.startsWith('/submissions?')) return Promise.resolve({ items })
    return Promise.resolve(path === '/submissions/s1' ? one : {})
  })
}

async function show(component: typeof SubmissionDetail | typeof SubmissionsPage, id: string): Promise<VueWrapper> {
  page = mount(component as typeof SubmissionsPage, { props: { id }, global: { plugins: [i18n] }, attachTo: document.body })
  await flushPromises()
  return page
}
const at = (name: string) => page!.find(`[data-test=${name}]`)

describe('a submission', () => {
  it('is read as the engine sends it, and says who wrote', () => {
    expect(readRoute('#/submissions/s1')).toEqual({ page: 'submissions', id: 's1' })
    const one = submission(RAW)
    expect(senderOf(one)).toBe('Vera <vera@example.com>')
    expect(senderOf({ ...one, name: '', email: '' })).toBe('1')
    expect(submission({ state: 'new' }).state).toBe('held')
  })

  it('is shown with everything, as text; a rule without words by its name', async () => {
    engineHas([])
    const words = (await show(SubmissionDetail, 's1')).text()
    for (const said of ['<b>Kettle</b>', 'Batch: KC-1', 'note.txt', 'Hidden field filled in', 'a-new-rule', 'no tag']) expect(words).toContain(said)
    expect(document.activeElement?.tagName).toBe('H2')
  })

  it('that is released leads to its case', async () => {
    engineHas([])
    const post = vi.spyOn(requester, 'post').mockResolvedValue(LATER)
    await show(SubmissionDetail, 's1')
    await at('submission-release').trigger('click')
    await flushPromises()
    expect(post).toHaveBeenCalledWith('/submissions/s1/release')
    expect(location.hash).toBe('#/cases/c1')
  })

  it('is deleted after a question only', async () => {
    engineHas([])
    const send = vi.spyOn(requester, 'send').mockResolvedValue({ ...LATER, state: 'deleted', case_id: '' })
    await show(SubmissionDetail, 's1')
    await at('submission-delete').trigger('click')
    expect(send).not.toHaveBeenCalled()
    await at('submission-delete-sure').trigger('click')
    await flushPromises()
    expect(send).toHaveBeenCalledWith('DELETE', '/submissions/s1')
    expect(location.hash).toBe('#/submissions')
  })

  it('that somebody else decided on meanwhile shows what became of it', async () => {
    const get = engineHas([])
    vi.spyOn(requester, 'send').mockRejectedValue(new Problem(409, { slug: 'already-decided', case_id: 'c1' }))
    await show(SubmissionDetail, 's1')
    get.mockResolvedValue(LATER)
    await at('submission-delete').trigger('click')
    await at('submission-delete-sure').trigger('click')
    await flushPromises()
    expect(at('submission-case').attributes('href')).toBe('#/cases/c1')
    expect(at('submission-release').exists()).toBe(false)
    expect(location.hash).toBe('#/submissions/s1')
  })

  it('that does not exist is said, with a way back', async () => {
    vi.spyOn(requester, 'get').mockRejectedValue(new Problem(404, { slug: 'unknown-submission' }))
    await show(SubmissionDetail, 's1')
    expect(at('submission-failed').text()).toContain('There is no such submission.')
    expect(at('submission-back').exists()).toBe(true)
  })
})

describe('the list', () => {
  it('begins with what is held, and gives the focus back to where one was', async () => {
    const get = engineHas([RAW, { ...RAW, id: 's0' }])
    await show(SubmissionsPage, 's1')
    await page!.setProps({ id: '' })
    await flushPromises()
    await nextTick()
    expect(get).toHaveBeenCalledWith('/submissions?state=held&limit=50')
    expect(document.activeElement?.getAttribute('data-id')).toBe('s1')
  })

  it('that is empty says so; that cannot be read is read again', async () => {
    engineHas([])
    await show(SubmissionsPage, '')
    expect(at('submissions-none').text()).toContain('Nothing is held')
    vi.spyOn(requester, 'get').mockRejectedValueOnce(new Problem(500, { slug: 'internal' }))
    await at('submissions-deleted').trigger('click')
    await flushPromises()
    expect(at('submissions-failed').exists()).toBe(true)
    engineHas([{ ...LATER, state: 'deleted' }])
    await at('submissions-again').trigger('click')
    await flushPromises()
    expect(at('submission').text()).toContain('Content deleted')
  })

  it('goes on behind the last one', async () => {
    const full = Array.from({ length: 50 }, (_, index) => ({ ...RAW, id: `s${index}` }))
    const get = engineHas(full)
    await show(SubmissionsPage, '')
    get.mockResolvedValue({ items: [{ ...RAW, id: 'old' }] })
    await at('submissions-more').trigger('click')
    await flushPromises()
    expect(get).toHaveBeenLastCalledWith('/submissions?state=held&limit=50&before=s49')
    expect(page!.findAll('[data-test=submission]')).toHaveLength(51)
    expect(at('submissions-more').exists()).toBe(false)
  })
})

describe('the count', () => {
  it('has a bound, and is asked for anew only after a while, when somebody does something', async () => {
    const clock = vi.spyOn(Date, 'now').mockReturnValue(1_000_000)
    const get = engineHas(Array.from({ length: MOST + 1 }, () => RAW))
    page = mount(HeldCount, { props: { of: 'submissions' }, global: { plugins: [i18n] } })
    await flushPromises()
    expect(page.text()).toContain('(20+)')
    dispatchEvent(new Event('keydown'))
    expect(get).toHaveBeenCalledTimes(1)
    clock.mockReturnValue(1_060_000)
    get.mockRejectedValue(new Problem(0, {}))
    dispatchEvent(new Event('keydown'))
    await flushPromises()
    expect(get).toHaveBeenCalledTimes(2)
    expect(useHeld().held, 'what was known stays').toBe(MOST + 1)
  })
})
