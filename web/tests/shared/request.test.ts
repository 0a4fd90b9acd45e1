import { describe, expect, it, vi } from 'vitest'
import { Problem } from '@/shared/problem'
import { Requester } from '@/shared/request'

type Answer = Response | Error

function answer(status: number, body: object | null = {}): Response {
  const text = body === null ? null : JSON.stringify(body)
  return new Response(text, { status, headers: { 'Content-Type': 'application/json' } })
}

function make(...answers: Answer[]) {
  const sent: { url: string; init: RequestInit }[] = []
  let key = 0
  const requester = new Requester({
    fetch: (url, init) => {
      sent.push({ url: String(url), init: init ?? {} })
      const next = answers.shift()
      if (!next) throw new Error('no answer is left')
      return next instanceof Error ? Promise.reject(next) : Promise.resolve(next)
    },
    newKey: () => `key-${(key += 1)}`,
    wait: () => Promise.resolve(),
  })
  const header = (at: number, name: string): string | undefined =>
    (sent[at]?.init.headers as Record<string, string>)[name]
  return { requester, sent, header }
}

describe('a request', () => {
  it('carries CSRF token and idempotency key when it changes something', async () => {
    const { requester, sent, header } = make(answer(200, { done: true }), answer(200))
    requester.csrf = 'secret'
    expect(await requester.post('/presence', { status: 'break' })).toEqual({ done: true })
    await requester.get('/me')
    expect(sent[0]?.url).toBe('/api/v1/presence')
    expect(sent[0]?.init.body).toBe('{"status":"break"}')
    expect(header(0, 'X-CSRF-Token')).toBe('secret')
    expect(header(0, 'Idempotency-Key')).toBe('key-1')
    expect(header(1, 'Idempotency-Key')).toBeUndefined()
    expect(header(1, 'X-CSRF-Token')).toBeUndefined()
  })

  it('is repeated with the same key when the network or the engine is away', async () => {
    const { requester, sent, header } = make(
      new TypeError('network'), answer(503, { slug: 'unavailable' }),
      answer(409, { slug: 'idempotency-busy' }), answer(204, null),
    )
    expect(await requester.post('/logout')).toBeNull()
    expect(sent.map((_, at) => header(at, 'Idempotency-Key'))).toEqual(Array(4).fill('key-1'))
  })

  it('gives up after some attempts and says that nobody could be reached', async () => {
    const { requester, sent } = make(...Array.from({ length: 4 }, () => new TypeError('network')))
    const problem = await requester.get('/me').catch((error: unknown) => error)
    expect(problem).toBeInstanceOf(Problem)
    expect((problem as Problem).slug).toBe('unreachable')
    expect(sent).toHaveLength(12)
  })

  it('is not repeated when it was refused, and tells why and how to mend it', async () => {
    const body = { slug: 'open-work', detail: 'There is open work.', mend: 'Say what becomes of it.' }
    const { requester, sent } = make(answer(409, body))
    const problem = (await requester.post('/sign-out').catch((error: unknown) => error)) as Problem
    expect(problem).toMatchObject({ ...body, status: 409 })
    expect(sent).toHaveLength(1)
  })

  it('understands an answer that is no problem document', async () => {
    const { requester } = make(new Response('<html>Bad gateway', { status: 413 }))
    const problem = (await requester.get('/me').catch((error: unknown) => error)) as Problem
    expect(problem.detail).toBe('HTTP 413')
    expect(problem.slug).toBe('http-413')
  })

  it('tells once that nobody is signed in', async () => {
    const { requester } = make(answer(401, { slug: 'unauthenticated', detail: 'Sign in first.' }))
    const told = vi.fn()
    requester.onUnauthenticated = told
    await expect(requester.get('/cases')).rejects.toBeInstanceOf(Problem)
    expect(told).toHaveBeenCalledOnce()
  })

  it('fetches a new CSRF token once when the old one is no longer good', async () => {
    const { requester, header } = make(answer(403, { slug: 'csrf' }), answer(200))
    requester.csrf = 'old'
    requester.renewCsrf = () => {
      requester.csrf = 'new'
      return Promise.resolve()
    }
    await requester.post('/presence', { status: 'break' })
    expect(header(0, 'X-CSRF-Token')).toBe('old')
    expect(header(1, 'X-CSRF-Token')).toBe('new')
  })
})
