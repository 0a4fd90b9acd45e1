// HTTP to the engine: CSRF header, problem details, and safe repetition. Every unsafe request
// carries an Idempotency-Key, so it may be sent again when nobody knows whether it arrived.
import { backoff } from './backoff'
import { observeServerTime } from './clock'
import { Problem, problemOf, UNREACHABLE } from './problem'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface RequesterParts {
  fetch: typeof fetch
  newKey: () => string
  wait: (ms: number) => Promise<void>
  attempts?: number
  timeoutMs?: number
}

const TRY_AGAIN = new Set([502, 503, 504])
// With the waits between them about 25 s: an engine that was killed is back by then.
const ATTEMPTS = 12

export class Requester {
  csrf = ''
  onUnauthenticated: () => void = () => undefined
  /** Fetch a fresh CSRF token: somebody signed in again in another tab. */
  renewCsrf: () => Promise<void> = () => Promise.resolve()
  readonly #parts: RequesterParts

  constructor(parts: RequesterParts) {
    this.#parts = parts
  }

  get(path: string): Promise<unknown> {
    return this.send('GET', path)
  }

  post(path: string, body: object = {}): Promise<unknown> {
    return this.send('POST', path, body)
  }

  patch(path: string, body: object): Promise<unknown> {
    return this.send('PATCH', path, body)
  }

  /** Send a request, again with the same key when the engine is away; throw a Problem. */
  async send(method: Method, path: string, body?: object): Promise<unknown> {
    const key = method === 'GET' ? '' : this.#parts.newKey()
    const attempts = this.#parts.attempts ?? ATTEMPTS
    let renewed = false
    for (let attempt = 0; ; attempt += 1) {
      const outcome = await this.#once(method, path, this.#headers(key, body), body)
      if (!(outcome instanceof Problem)) return outcome
      if (outcome.slug === 'csrf' && !renewed) {
        renewed = true
        await this.renewCsrf()
        continue
      }
      if (!worthAnother(outcome) || attempt + 1 >= attempts) {
        if (outcome.status === 401) this.onUnauthenticated()
        throw outcome
      }
      await this.#parts.wait(backoff(attempt, { baseMs: 250, capMs: 3_000 }))
    }
  }

  #headers(key: string, body?: object): Record<string, string> {
    return {
      Accept: 'application/json',
      ...(body ? { 'Content-Type': 'application/json' } : {}),
      ...(key ? { 'Idempotency-Key': key } : {}),
      ...(key && this.csrf ? { 'X-CSRF-Token': this.csrf } : {}),
    }
  }

  async #once(
    method: Method, path: string, headers: Record<string, string>, body?: object,
  ): Promise<unknown> {
    let response: Response
    try {
      response = await this.#parts.fetch(`/api/v1${path}`, {
        method,
        headers,
        credentials: 'same-origin',
        signal: AbortSignal.timeout(this.#parts.timeoutMs ?? 15_000),
        ...(body ? { body: JSON.stringify(body) } : {}),
      })
    } catch {
      return new Problem(0, { slug: UNREACHABLE, detail: UNREACHABLE })
    }
    observeServerTime(response.headers.get('date'))
    if (!response.ok) return problemOf(response)
    if (response.status === 204) return null
    const content = await response.text()
    return content ? (JSON.parse(content) as unknown) : null
  }
}

function worthAnother(problem: Problem): boolean {
  return (
    problem.status === 0 || TRY_AGAIN.has(problem.status) || problem.slug === 'idempotency-busy'
  )
}
