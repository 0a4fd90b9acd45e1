import { describe, expect, it } from 'vitest'
import { siteAddress } from '@/shared/customers'

describe('the website of an account', () => {
  it('is a link only to a page', () => {
    expect(siteAddress('https://kettle.example/shop')).toBe('https://kettle.example/shop')
    expect(siteAddress('HTTP://kettle.example')).toBe('HTTP://kettle.example')
    for (const wrong of ['javascript:alert(1)', ' javascript:alert(1)', 'data:text/html,x', 'kettle.example', ''])
      expect(siteAddress(wrong)).toBeUndefined()
  })
})
