import { describe, expect, it } from 'vitest'
import { readRoute } from '@/console/route'
import { SHORTCUTS, shortcutOf } from '@/console/shortcuts'

const press = (code: string, more: KeyboardEventInit = {}): KeyboardEvent =>
  new KeyboardEvent('keydown', { code, altKey: true, ...more })

describe('shortcuts', () => {
  it('go by the place of the key, whatever letter Alt makes of it', () => {
    expect(shortcutOf(press('KeyA', { key: 'å' }))).toBe('accept')
    expect(shortcutOf(press('ArrowUp'))).toBe('previous')
  })

  it('leave other combinations alone', () => {
    expect(shortcutOf(press('KeyA', { altKey: false }))).toBeUndefined()
    expect(shortcutOf(press('KeyA', { ctrlKey: true }))).toBeUndefined()
    expect(shortcutOf(press('KeyQ'))).toBeUndefined()
  })

  it('are different from each other', () => {
    const codes = Object.values(SHORTCUTS).map((shortcut) => shortcut.code)
    expect(new Set(codes).size).toBe(codes.length)
  })
})

describe('addresses', () => {
  it('name the desk, the cases or one case', () => {
    expect(readRoute('')).toEqual({ page: 'desk', id: '' })
    expect(readRoute('#/cases')).toEqual({ page: 'cases', id: '' })
    expect(readRoute('#/cases/a%20b')).toEqual({ page: 'cases', id: 'a b' })
    expect(readRoute('#/nowhere')).toEqual({ page: 'desk', id: '' })
  })
})
