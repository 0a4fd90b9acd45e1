// One ticking clock for all countdowns, in the engine's time: an agent's PC may be minutes off.
import { readonly, ref } from 'vue'

const TOLERATED_SKEW_MS = 2_000

let skewMs = 0
const ticking = ref(Date.now())

/** The engine's time in epoch milliseconds, renewed four times a second. */
export const now = readonly(ticking)

/** Tell the engine's time at this moment. */
export function serverNow(): number {
  return Date.now() - skewMs
}

/** Learn from an HTTP Date header (full seconds) how far this computer's clock is off. */
export function observeServerTime(date: string | null, received: number = Date.now()): void {
  const parsed = date ? Date.parse(date) : Number.NaN
  if (Number.isNaN(parsed)) return
  const skew = received - (parsed + 500)
  skewMs = Math.abs(skew) > TOLERATED_SKEW_MS ? skew : 0
}

/** Start the clock; returns what stops it. */
export function startClock(): () => void {
  const tick = (): void => {
    ticking.value = serverNow()
  }
  tick()
  const timer = setInterval(tick, 250)
  return () => clearInterval(timer)
}
