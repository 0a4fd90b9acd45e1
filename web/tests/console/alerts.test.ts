import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import AlertBell from '@/console/alerts/AlertBell.vue'
import { useAlerts } from '@/console/alerts/alerts'
import { addressOf, alertWords } from '@/console/alerts/alertWords'
import { requester } from '@/shared/engine'
import { i18n } from '@/shared/i18n'
import { alert as parsed, frame } from '@/shared/parse'

const raw = (id: string, more: object = {}): object => ({
  id, kind: 'case-escalated', at: `2026-11-22T12:00:0${id}Z`, acknowledged_at: null,
  data: { number: 7, name: 'Nobody answers', case_id: 'c7', subject: 'Tea', text: 'Please look' }, ...more,
})
let page: VueWrapper | undefined
let post: ReturnType<typeof vi.spyOn>

beforeEach(() => {
  const pinia = createPinia()
  setActivePinia(pinia)
  vi.spyOn(requester, 'get').mockResolvedValue({ items: [raw('2'), raw('1', { acknowledged_at: '2026-11-22T12:01:00Z' })] })
  post = vi.spyOn(requester, 'post').mockResolvedValue(null)
  page = mount(AlertBell, { global: { plugins: [i18n, pinia] }, attachTo: document.body })
})
afterEach(() => {
  page?.unmount()
  vi.restoreAllMocks()
})

describe('an alert', () => {
  it('says what it is about, and leads to its case', () => {
    const words = alertWords(parsed(raw('1')), (key) => key)
    expect(words).toEqual({ title: 'Case 7 was escalated: Nobody answers', more: 'Please look' })
    expect(addressOf(parsed(raw('1')))).toBe('#/cases/c7')
    expect(addressOf(parsed({ kind: 'reminder', data: { subject: 'S' } }))).toBe('#/agenda')
    expect(alertWords(parsed({ kind: 'odd', data: {} }), (key) => key).title).toContain('odd')
  })
})

describe('the bell', () => {
  it('counts what is unread, and an alert that comes twice once', async () => {
    const store = useAlerts()
    await store.load()
    expect(store.unread).toHaveLength(1)
    expect(store.take(parsed(raw('3')))).toBe(true)
    expect(store.take(parsed(raw('3')))).toBe(false)
    await flushPromises()
    expect(store.unread).toHaveLength(2)
    expect(store.alerts.map((one) => one.id)).toEqual(['3', '2', '1'])
  })

  it('shows the number it is told, and reads the list again where that differs while it is open', async () => {
    const get = vi.mocked(requester.get)
    expect(frame({ type: 'alerts', unread: 4 })).toEqual({ type: 'alerts', unread: 4 })
    useAlerts().count = 4
    await flushPromises()
    expect(page!.get('[data-test=alerts-open]').attributes('data-unread')).toBe('4')
    expect(get).not.toHaveBeenCalled()
    await page!.get('[data-test=alerts-open]').trigger('click')
    await flushPromises()
    expect(get).toHaveBeenCalledTimes(1)
    expect(page!.get('[data-test=alerts-open]').attributes('data-unread')).toBe('1')
    useAlerts().count = 2
    await flushPromises()
    expect(get).toHaveBeenCalledTimes(2)
  })

  it('opens with its newest; Escape gives the focus back', async () => {
    await page!.get('[data-test=alerts-open]').trigger('click')
    await flushPromises()
    expect(page!.findAll('[data-test=alert]')).toHaveLength(2)
    await page!.get('[data-test=alerts]').trigger('keydown', { key: 'ArrowDown' })
    expect(document.activeElement?.getAttribute('data-test')).toBe('alert-go')
    await page!.get('[data-test=alerts]').trigger('keydown', { key: 'Escape' })
    expect(page!.find('[data-test=alerts]').exists()).toBe(false)
    expect(document.activeElement?.getAttribute('data-test')).toBe('alerts-open')
  })

  it('marks one as read, and what was read stays so when it is read anew', async () => {
    await page!.get('[data-test=alerts-open]').trigger('click')
    await flushPromises()
    await page!.get('[data-test=alert-read]').trigger('click')
    await flushPromises()
    expect(post).toHaveBeenCalledWith('/alerts/2/acknowledge')
    await useAlerts().load()
    expect(useAlerts().unread).toHaveLength(0)
  })
})
