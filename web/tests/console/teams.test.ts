import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { createPinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi, type MockInstance } from 'vitest'
import TeamDialog from '@/console/customers/TeamDialog.vue'
import { requester } from '@/shared/engine'
import { i18n } from '@/shared/i18n'

const ANA = { user_id: 'u1', role: 'Advisor', account_access: 'read', case_access: 'none' }
let page: VueWrapper | undefined
let answer: (fault?: Error) => void
let sent: MockInstance<typeof requester.send>

beforeEach(async () => {
  vi.spyOn(requester, 'get').mockImplementation((path) => Promise.resolve(path.endsWith('/team') ? { items: [ANA] } : {}))
  sent = vi.spyOn(requester, 'send').mockImplementation(() => new Promise((resolve, reject) => {
    answer = (fault) => (fault ? reject(fault) : resolve({ items: [] }))
  }))
  page = mount(TeamDialog, {
    props: { accountId: 'a', known: [{ userId: 'u1', name: 'Ana', role: 'Advisor' }] },
    global: { plugins: [i18n, createPinia()] }, attachTo: document.body,
  })
  await flushPromises()
})
afterEach(() => {
  page?.unmount()
  page = undefined
  vi.restoreAllMocks()
})

const at = (name: string) => page!.get(`[data-test=team-${name}]`)

describe('the team of an account, being changed', () => {
  it('is closed once what was being written is, which the page hears of', async () => {
    await at('role').setValue('Owner')
    await at('done').trigger('click')
    await flushPromises()
    expect(sent).toHaveBeenCalledWith('PUT', '/accounts/a/team/u1', { role: 'Owner', account_access: 'read', case_access: 'none' })
    expect(page!.emitted('close')).toBeUndefined()
    answer()
    await flushPromises()
    expect(page!.emitted('close')).toEqual([[true]])
  })

  it('that was not changed is closed at once, and one that was refused is no news', async () => {
    await at('done').trigger('click')
    await flushPromises()
    await at('role').setValue('Owner')
    await at('done').trigger('click')
    answer(new Error('refused'))
    await flushPromises()
    expect(page!.emitted('close')).toEqual([[false], [false]])
  })

  it('is written one field after the other, and takes the keyboard from nobody', async () => {
    const access = at('account').element as HTMLSelectElement
    access.focus()
    await at('account').setValue('edit')
    expect(document.activeElement).toBe(access)
    await at('cases').setValue('read')
    await flushPromises()
    expect(sent).toHaveBeenCalledTimes(1)
    answer()
    await flushPromises()
    expect(sent).toHaveBeenCalledTimes(2)
    expect(sent).toHaveBeenLastCalledWith('PUT', '/accounts/a/team/u1', { role: 'Advisor', account_access: 'edit', case_access: 'read' })
    answer()
    await flushPromises()
    expect(document.activeElement).toBe(access)
  })
})
