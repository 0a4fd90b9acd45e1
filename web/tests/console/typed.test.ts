import { mount } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import { defineComponent, h, withDirectives } from 'vue'
import { vTyped } from '@/shared/typed'

const Shown = defineComponent({
  props: { value: { type: Number, required: true }, tick: { type: Number, required: true } },
  setup: (props) => () => [withDirectives(h('input'), [[vTyped, props.value]]), h('p', props.tick)],
})

describe('a typed field', () => {
  it('keeps half-typed text while what is around it changes, and shows what is known once it is left', async () => {
    const shown = mount(Shown, { props: { value: 0, tick: 1 } })
    const field = shown.find('input')
    expect(field.element.value).toBe('0')
    field.element.value = '6'
    await field.trigger('input')
    await shown.setProps({ tick: 2 })
    await shown.setProps({ value: 5 })
    expect(field.element.value).toBe('6')
    await field.trigger('change')
    await shown.setProps({ tick: 3 })
    expect(field.element.value).toBe('5')
  })
})
