import { mount, type VueWrapper } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import ComposerBox from '@/console/ComposerBox.vue'
import { makeTyping } from '@/console/typing'
import { i18n } from '@/shared/i18n'

let page: VueWrapper | undefined

beforeEach(() => sessionStorage.clear())
afterEach(() => page?.unmount())

function open(id = 'i1'): VueWrapper {
  page?.unmount()
  page = mount(ComposerBox, { props: { id }, global: { plugins: [i18n] } })
  return page
}

const area = (wrapper: VueWrapper) => wrapper.get('[data-test=composer]')

describe('the composer', () => {
  it('sends on Enter and not on Shift+Enter', async () => {
    const wrapper = open()
    await area(wrapper).setValue(' hello ')
    await area(wrapper).trigger('keydown', { key: 'Enter', shiftKey: true })
    expect(wrapper.emitted('say')).toBeUndefined()
    await area(wrapper).trigger('keydown', { key: 'Enter' })
    expect(wrapper.emitted('say')).toEqual([['hello', false]])
    expect((area(wrapper).element as HTMLTextAreaElement).value).toBe('')
  })

  it('leaves Enter to an input method that composes', async () => {
    const wrapper = open()
    await area(wrapper).setValue('你好')
    await area(wrapper).trigger('keydown', { key: 'Enter', isComposing: true })
    await area(wrapper).trigger('keydown', { key: 'Enter', keyCode: 229 })
    expect(wrapper.emitted('say')).toBeUndefined()
  })

  it('sends nothing when there is nothing to send', async () => {
    const wrapper = open()
    await area(wrapper).setValue('  \n ')
    await area(wrapper).trigger('keydown', { key: 'Enter' })
    expect(wrapper.emitted('say')).toBeUndefined()
    expect(wrapper.get('[data-test=send]').attributes('disabled')).toBeDefined()
  })

  it('writes notes, about which the visitor learns nothing', async () => {
    const wrapper = open()
    await wrapper.get('[data-test=note-toggle]').trigger('click')
    await area(wrapper).setValue('call him back')
    await wrapper.get('form').trigger('submit')
    expect(wrapper.emitted('say')).toEqual([['call him back', true]])
    expect(wrapper.emitted('typing')).toBeUndefined()
  })

  it('keeps what was being written to each conversation', async () => {
    await area(open('i1')).setValue('half a sen')
    expect((area(open('i2')).element as HTMLTextAreaElement).value).toBe('')
    expect((area(open('i1')).element as HTMLTextAreaElement).value).toBe('half a sen')
  })
})

describe('typing', () => {
  it('is told at once, again while it goes on, and when it stops', () => {
    vi.useFakeTimers()
    const told: boolean[] = []
    const typing = makeTyping((on) => told.push(on))
    typing.keystroke(true)
    typing.keystroke(true)
    vi.advanceTimersByTime(3_100)
    typing.keystroke(true)
    expect(told).toEqual([true, true])
    vi.advanceTimersByTime(5_000)
    expect(told).toEqual([true, true, false])
    typing.keystroke(false)
    typing.stop()
    expect(told).toHaveLength(3)
    vi.useRealTimers()
  })
})
