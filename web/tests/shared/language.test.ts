import { afterEach, describe, expect, it } from 'vitest'
import { inLanguage, showLocale } from '@/shared/i18n'
import { lists } from '@/shared/parse'

describe('what is configured', () => {
  afterEach(() => showLocale('en', false))

  it('has the name of the page\'s language', () => {
    const { queues } = lists({
      queues: [{ key: 'sales', name: 'Sales', names: { en: 'Sales', 'zh-CN': '销售' } }, { key: 'plain', name: 'Plain' }],
    })
    expect(queues.map((one) => inLanguage(one).name)).toEqual(['Sales', 'Plain'])
    showLocale('zh-CN', false)
    expect(queues.map((one) => inLanguage(one).name)).toEqual(['销售', 'Plain'])
    expect(queues[1]).toEqual({ key: 'plain', name: 'Plain' })
  })
})
