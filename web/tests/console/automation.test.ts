import { flushPromises, mount } from '@vue/test-utils'
import { createPinia } from 'pinia'
import { afterEach, describe, expect, it, vi } from 'vitest'
import AutomationPage from '@/console/automation/AutomationPage.vue'
import { requester } from '@/shared/engine'
import { i18n } from '@/shared/i18n'

const RULES = [{
  key: 'r', name: 'Greet', enabled: 'dry_run', on: [{ occasion: 'opened', names: [], by: 'anyone' }],
  fired: { today: 1, week: 4, last_at: null }, would_fire: { today: 0, week: 2, last_at: null },
  held: { today: 0, week: 0, last_at: null }, last_fault: { case_id: 'c9', at: null, faults: ['nobody is ada'] },
}]
afterEach(() => vi.restoreAllMocks())

describe('automation', () => {
  it('shows what rules did, and tries them on a case', async () => {
    vi.spyOn(requester, 'get').mockImplementation((path) => {
      if (path.startsWith('/automation')) return Promise.resolve({ items: RULES })
      return Promise.resolve(path.startsWith('/cases') ? { items: [{ id: 'c7', number: 7 }] } : {})
    })
    const post = vi.spyOn(requester, 'post').mockResolvedValue({
      turns: [{ key: 'r', name: 'Greet', outcome: 'fired', actions: [{ action: 'raise_priority', points: 2 }] }],
      changes: [{ field: 'priority', from: 0, to: 2 }],
    })
    const page = mount(AutomationPage, { global: { plugins: [i18n, createPinia()] } })
    await flushPromises()
    expect(page.get('[data-test=rule]').text()).toContain('4 within seven days')
    expect(page.get('[data-test=rule] a').attributes('href')).toBe('#/cases/c9')
    await page.get('[data-test=try-number]').setValue('8')
    await page.get('form').trigger('submit')
    await flushPromises()
    expect(page.text()).toContain('There is no case 8.')
    await page.get('[data-test=try-number]').setValue('#7')
    await page.get('form').trigger('submit')
    await flushPromises()
    expect(post).toHaveBeenCalledWith('/automation/try', { case_id: 'c7', occasion: 'opened' })
    expect(page.get('[data-test=try-rule]').text()).toContain('Raise the priority by 2')
    expect(page.text()).toContain('Priority: 0 → 2')
  })
})
