// The wallboard's arithmetic (pure).
import { duration } from '@/shared/times'
import type { AgentLine, QueueLine } from '@/shared/wire'

export type Tone = 'ok' | 'warn' | 'danger' | 'plain'

const LONG_WAIT_MS = 60_000
const VERY_LONG_WAIT_MS = 180_000

/** A service level with what its queue's configuration calls good and fair. */
export type Judged = Pick<QueueLine, 'serviceLevel' | 'goal' | 'least'>

/** Judge a service level by its goal. */
export function levelTone({ serviceLevel, goal, least }: Judged): Tone {
  if (serviceLevel === null) return 'plain'
  if (serviceLevel >= goal) return 'ok'
  return serviceLevel >= least ? 'warn' : 'danger'
}

export function waitTone(waiting: number, longestMs: number): Tone {
  if (waiting === 0) return 'plain'
  if (longestMs >= VERY_LONG_WAIT_MS) return 'danger'
  return longestMs >= LONG_WAIT_MS ? 'warn' : 'ok'
}

/** Say between which times a newcomer's wait probably lies: "0:40 – 2:10"; "" where nothing is known. */
export function band({ waitLowMs, waitHighMs }: Pick<QueueLine, 'waitLowMs' | 'waitHighMs'>): string {
  return waitHighMs === 0 ? '' : `${duration(waitLowMs)} – ${duration(waitHighMs)}`
}

export function percent(level: number | null): string {
  return level === null ? '–' : `${Math.round(level * 100)}%`
}

export interface Totals extends Judged {
  waiting: number
  longestWaitMs: number
  active: number
  available: number
  agents: number
  abandoned: number
}

/** Add the queues up. The service level and its goal count each queue by what it has answered. */
export function totals(queues: readonly QueueLine[], agents: readonly AgentLine[]): Totals {
  const sum = (read: (queue: QueueLine) => number): number =>
    queues.reduce((total, queue) => total + read(queue), 0)
  const present = agents.filter((agent) => agent.connected && agent.statusKind !== 'offline')
  const counted = queues.filter((queue) => queue.serviceLevel !== null)
  const weight = (queue: QueueLine): number =>
    Math.max(1, queue.answeredToday + queue.abandonedToday)
  const whole = counted.reduce((total, queue) => total + weight(queue), 0)
  const mean = (read: (queue: QueueLine) => number): number =>
    counted.reduce((total, queue) => total + weight(queue) * read(queue), 0) / whole
  return {
    waiting: sum((queue) => queue.waiting),
    longestWaitMs: Math.max(
      0,
      ...queues.filter((queue) => queue.waiting > 0).map((queue) => queue.longestWaitMs),
    ),
    active: sum((queue) => queue.active),
    available: present.filter((agent) => agent.statusKind === 'available').length,
    agents: present.length,
    serviceLevel: whole > 0 ? mean((queue) => queue.serviceLevel ?? 0) : null,
    goal: mean((queue) => queue.goal),
    least: mean((queue) => queue.least),
    abandoned: sum((queue) => queue.abandonedToday),
  }
}

const ORDER = { available: 0, break: 1, offline: 2 } as const

/** Sort agents: who works first, then who pauses, then who is away; by name within. */
export function sortAgents(agents: readonly AgentLine[], locale: string): AgentLine[] {
  return agents.toSorted(
    (one, other) =>
      ORDER[one.statusKind] - ORDER[other.statusKind] ||
      Number(other.connected) - Number(one.connected) ||
      one.name.localeCompare(other.name, locale),
  )
}
