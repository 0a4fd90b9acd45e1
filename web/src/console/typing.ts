// Tells the visitor that the agent types: at once, again while he goes on, and when he stops.

const AGAIN_MS = 3_000
const STOPPED_MS = 5_000

export function makeTyping(tell: (on: boolean) => void, now: () => number = Date.now) {
  let toldAt = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  function stop(): void {
    clearTimeout(timer)
    if (toldAt > 0) tell(false)
    toldAt = 0
  }

  function keystroke(hasWords: boolean): void {
    if (!hasWords) return stop()
    clearTimeout(timer)
    timer = setTimeout(stop, STOPPED_MS)
    if (now() - toldAt < AGAIN_MS) return
    toldAt = now()
    tell(true)
  }

  return { keystroke, stop }
}
