// Named timers: setting one again replaces it.

export type After = (ms: number, action: () => void) => () => void

export class Timers {
  readonly #running = new Map<string, () => void>()
  readonly #after: After

  constructor(after: After) {
    this.#after = after
}

  set(name: string, ms: number, action: () => void): void {
    this.cancel(name)
    const cancel = this.#after(ms, () => {
      this.#running.delete(name)
      action()
    })
    this.#running.set(name, cancel)
  }

  has(name: string): boolean {
    return this.#running.has(name)
  }

  cancel(name: string): void {
    this.#running.get(name)?.()
    this.#running.delete(name)
  }

  cancelAll(): void {
    for (const name of [...this.#running.keys()]) this.cancel(name)
  }
}
