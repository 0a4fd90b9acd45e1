// How fast the widget may talk and how soon it comes back: pure, with time and chance handed in.

/** A token bucket that stays a little below the engine's own, so that a fast typist is never cut off. */
export class Bucket {
  #level: number
  #filledAt: number
  readonly #size: number
  readonly #perSecond: number

  constructor(
    size: number,
    perSecond: number,
    now: number,
  ) {
    this.#size = size
    this.#perSecond = perSecond
    this.#level = size
    this.#filledAt = now
  }

  /** Take one token; answers 0 when taken, else the milliseconds to wait. */
  take(now: number): number {
    this.#level = Math.min(this.#size, this.#level + ((now - this.#filledAt) / 1000) * this.#perSecond)
    this.#filledAt = now
    if (this.#level >= 1) {
      this.#level -= 1
      return 0
    }
    return Math.ceil(((1 - this.#level) / this.#perSecond) * 1000)
  }

  empty(now: number): void {
    this.#level = 0
    this.#filledAt = now
  }
}

const FIRST_MS = 400
const LONGEST_MS = 20_000

/** Delays between attempts: doubling, half of each by chance, so that visitors do not come back all at once. */
export class Backoff {
  #attempt = 0
  readonly #random: () => number

  constructor(random: () => number) {
    this.#random = random
}

  next(atLeastMs = 0): number {
    const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** this.#attempt)
    this.#attempt = Math.min(this.#attempt + 1, 10)
    return Math.max(atLeastMs, Math.round(full / 2 + (full / 2) * this.#random()))
  }

  reset(): void {
    this.#attempt = 0
  }
}
