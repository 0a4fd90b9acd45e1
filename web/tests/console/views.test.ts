import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { createPinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ref } from 'vue'
import { USUAL } from '@/console/views/columns'
import ViewBar from '@/console/views/ViewBar.vue'
import { EVERYTHING, type CaseQuery } from '@/shared/caseFilter'
import { requester } from '@/shared/engine'
import { i18n } from '@/shared/i18n'
import { Problem } from '@/shared/problem'

const VIEWS = [
  { id: 'my_open', name: 'My open cases', built_in: true, filter: { owner: ['me'], open: true }, order: 'priority', version: 1 },
  { id: 'v1', name: 'Late', may_change: true, filter: { tag: ['late'], escalated: true }, order: '', version: 4, shared: 'team', columns: ['status'] },
]
const filter = ref<CaseQuery>({ ...EVERYTHING })
let page: VueWrapper | undefined

beforeEach(async () => {
  filter.value = { ...EVERYTHING, extra: {} }
  vi.spyOn(requester, 'get').mockImplementation((path) => {
    if (path === '/views/counts') return Promise.resolve({ items: [{ id: 'v1', count: 99, more: true }] })
    return Promise.resolve(path === '/views' ? { items: VIEWS } : {})
  })
  const set = (name: string) => (value: unknown) => void page?.setProps({ [name]: value })
  page = mount(ViewBar, {
    props: {
      modelValue: filter.value, view: '', columns: USUAL, 'onUpdate:modelValue': set('modelValue'),
      'onUpdate:view': set('view'), 'onUpdate:columns': set('columns'),
    } as never,
    global: { plugins: [i18n, createPinia()] }, attachTo: document.body,
  })
  await flushPromises()
})
afterEach(() => {
  page?.unmount()
  vi.restoreAllMocks()
})

const asked = () => (page!.props() as unknown as { modelValue: CaseQuery }).modelValue

describe('a view', () => {
  it('is chosen with its filter, order and columns, and tells how many it shows', async () => {
    expect(page!.get('[data-test=view-v1]').text()).toContain('99+')
    await page!.get('[data-test=view-v1]').trigger('click')
    expect(asked().tag).toBe('late')
    expect((page!.props() as unknown as { columns: string[] }).columns).toEqual(['status'])
    expect(page!.get('[data-test=view-extra]').text()).toContain('Escalated: yes')
    expect(page!.find('[data-test=view-save]').exists()).toBe(false)
    await page!.get('[data-test=view-extra] button').trigger('click')
    expect(asked().extra).toEqual({})
    expect(page!.find('[data-test=view-save]').exists()).toBe(true)
  })

  it('that everybody has is kept under another name only', async () => {
    await page!.get('[data-test=view-my_open]').trigger('click')
    expect([asked().owner, asked().kind, asked().order]).toEqual(['me', 'active', 'priority'])
    expect(page!.find('[data-test=view-edit]').exists()).toBe(false)
  })

  it('is kept as the list is narrowed; what was typed stays where it is refused', async () => {
    const post = vi.spyOn(requester, 'post').mockRejectedValueOnce(new Problem(400, { detail: 'Too many.' }))
      .mockResolvedValue({ id: 'v2', name: 'Mine', filter: { tag: ['late'] }, version: 1, may_change: true })
    await page!.setProps({ modelValue: { ...EVERYTHING, extra: {}, tag: 'late' } } as never)
    await page!.get('[data-test=view-new]').trigger('click')
    await page!.get('[data-test=view-name]').setValue('Mine')
    await page!.get('#view-form').trigger('submit')
    await flushPromises()
    expect(page!.get('[data-test=view-failed]').text()).toContain('Too many.')
    await page!.get('#view-form').trigger('submit')
    await flushPromises()
    expect(post).toHaveBeenLastCalledWith('/views', {
      name: 'Mine', shared: 'nobody', columns: [], filter: { tag: ['late'] }, order: 'newest',
    })
    expect((page!.props() as unknown as { view: string }).view).toBe('v2')
  })

  it('is changed under the version that is known', async () => {
    const patch = vi.spyOn(requester, 'patch').mockResolvedValue({ ...VIEWS[1], version: 5, name: 'Later' })
    await page!.get('[data-test=view-v1]').trigger('click')
    await page!.get('[data-test=view-edit]').trigger('click')
    await page!.get('[data-test=view-name]').setValue('Later')
    await page!.get('#view-form').trigger('submit')
    await flushPromises()
    expect(patch).toHaveBeenCalledWith('/views/v1', { version: 4, name: 'Later', shared: 'team', columns: ['status'] })
  })
})
