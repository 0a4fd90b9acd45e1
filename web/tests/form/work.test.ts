// @vitest-environment node
import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { solve } from '../../src/form/work'

const TOKEN = `v1.${'n'.repeat(24)}.1795353528395.12.${'a'.repeat(64)}`

it.each(['', 'a', 'x'.repeat(51), 'x'.repeat(52), 'x'.repeat(60), TOKEN])('finds the first number for %s', (token) => {
  const found = solve(token, 8, 0, 100_000)
  const first = (number: number): number => createHash('sha256').update(`${token}.${number}`).digest()[0] ?? -1
  expect(first(found)).toBe(0)
  for (let number = 0; number < found; number += 1) expect(first(number)).not.toBe(0)
})

it('stops after so many tries, and goes on from where it is told', () => {
  const found = solve(TOKEN, 12, 0, 1_000_000)
  expect(solve(TOKEN, 12, 0, found)).toBe(-1)
  expect(solve(TOKEN, 12, found, 1)).toBe(found)
  expect(solve(TOKEN, 0, 7, 1)).toBe(7)
})
