import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import ComposerBox from '@/console/ComposerBox.vue'
import { requester } from '@/shared/engine'
import { i18n } from '@/shared/i18n'
import { commandAt, narrowed } from '@/shared/quickTexts'

const TEXTS = [
  { key: 'hello', name: 'Greeting', folder: 'Openings', body: 'Hello Vera' },
  { key: 'bye', name: 'Farewell', folder: 'Closings', body: 'Good bye, Vera' },
]
let page: VueWrapper

beforeEach(() => {
  sessionStorage.clear()
  vi.spyOn(requester, 'get').mockResolvedValue({ items: TEXTS })
  page = mount(ComposerBox, {
    props: { id: 'i1', place: { interactionId: 'i1', queue: 'sales' } },
    global: { plugins: [i18n] },
    attachTo: document.body,
  })
})
afterEach(() => {
  page.unmount()
  vi.restoreAllMocks()
})

const area = () => page.get<HTMLTextAreaElement>('[data-test=composer]')

async function type(words: string): Promise<void> {
  await area().setValue(words)
  await flushPromises()
}

describe('quick texts', () => {
  it('opens at a slash that begins a line only', () => {
    expect(commandAt('/he', 3)).toEqual({ from: 0, typed: 'he' })
    expect(commandAt('Hi\n/', 4)).toEqual({ from: 3, typed: '' })
    expect(commandAt('and/or', 6)).toBeNull()
    expect(commandAt('/usr/bin', 8)).toBeNull()
    expect(commandAt('/he', 0)).toBeNull()
  })

  it('narrows by every word typed', () => {
    expect(narrowed(TEXTS, 'good vera').map((one) => one.key)).toEqual(['bye'])
    expect(narrowed(TEXTS, '')).toHaveLength(2)
  })

  it('inserts by keyboard and sends nothing by that', async () => {
    await type('/')
    expect(page.findAll('[role=option]')).toHaveLength(2)
    await area().trigger('keydown', { key: 'ArrowDown' })
    const chosen = area().attributes('aria-activedescendant')
    expect(page.get('[data-test=quick-text-bye]').attributes('id')).toBe(chosen)
    await area().trigger('keydown', { key: 'Enter' })
    await flushPromises()
    expect(area().element.value).toBe('Good bye, Vera')
    expect(page.emitted('say')).toBeUndefined()
    expect(page.find('[data-test=quick-texts]').exists()).toBe(false)
    await area().trigger('keydown', { key: 'Enter' })
    expect(page.emitted('say')).toEqual([['Good bye, Vera', false]])
  })

  it('closes with Escape, and opens by its button behind what was written', async () => {
    await type('/')
    await area().trigger('keydown', { key: 'Escape' })
    expect(page.find('[data-test=quick-texts]').exists()).toBe(false)
    await area().setValue('Dear Vera')
    await page.get('[data-test=quick-texts-open]').trigger('click')
    await flushPromises()
    await page.get('[data-test=quick-text-hello]').trigger('mousedown')
    await flushPromises()
    expect(area().element.value).toBe('Dear Vera\nHello Vera')
  })
})
