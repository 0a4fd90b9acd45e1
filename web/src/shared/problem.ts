// What went wrong with a request, as RFC 9457 problem details say it.

/** The engine could not be reached: nothing is known of what became of the request. */
export const UNREACHABLE = 'unreachable'

export class Problem extends Error {
  readonly status: number
  readonly slug: string
  readonly detail: string
  readonly mend: string
  readonly fields: Record<string, unknown>

  constructor(status: number, fields: Record<string, unknown>) {
    const read = (name: string): string => {
      const value = fields[name]
      return typeof value === 'string' ? value : ''
    }
    const detail = read('detail') || read('title') || `HTTP ${status}`
    super(detail)
    this.name = 'Problem'
    this.status = status
    this.slug = read('slug') || read('type').split('/').pop() || `http-${status}`
    this.detail = detail
    this.mend = read('mend')
    this.fields = fields
  }
}

/** Build the problem of a response that is not a success. */
export async function problemOf(response: Response): Promise<Problem> {
  let fields: Record<string, unknown> = {}
  try {
    const body: unknown = await response.json()
    if (typeof body === 'object' && body !== null) fields = body as Record<string, unknown>
  } catch {
    // A proxy's error page: the status has to do.
  }
  return new Problem(response.status, fields)
}
