export interface BackoffBounds {
  baseMs: number
  capMs: number
}

/** Tell how long to wait before attempt ``attempt`` (from 0): exponential, half of it jitter. */
export function backoff(
  attempt: number, bounds: BackoffBounds, random: () => number = Math.random,
): number {
  const ceiling = Math.min(bounds.capMs, bounds.baseMs * 2 ** Math.min(attempt, 16))
  return Math.round(ceiling / 2 + (ceiling / 2) * random())
}
