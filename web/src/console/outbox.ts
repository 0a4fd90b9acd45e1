// Messages the agent has written and the engine has not acknowledged yet. They are sent again
// with the same client id until it has; the engine takes a repeat as the same message. They
// outlive a reload of the page in the tab's own memory.
import { ref } from 'vue'
import { remember, remembered } from '@/shared/memory'
import { record } from '@/shared/parse'

export interface Pending {
  clientId: string
  interactionId: string
  body: string
  note: boolean
  /** Of a note: the consult whose thread it belongs to. */
  consultId?: string
  at: number
  /** Why the engine refused it; "" while it is on its way. */
  refusal: string
}

export interface OutboxParts {
  transmit: (message: Pending) => boolean
  newId: () => string
  now: () => number
  /** Whose messages these are: nobody else's may be sent under his name. */
  owner: string
  /** Called when the engine has kept silent about a message for long: the link may be dead. */
  stalled: () => void
  repeatMs?: number
  storage?: () => Storage
}

const STALLED_MS = 15_000
const KEPT_AS = 'cordboard.outbox'

export function makeOutbox(parts: OutboxParts) {
  const storage = parts.storage ?? (() => sessionStorage)
  const repeatMs = parts.repeatMs ?? 5_000
  const pending = ref<Pending[]>(restore(remembered(KEPT_AS, storage), parts.owner))

  function keep(): void {
    const messages = pending.value
    const kept = messages.length ? JSON.stringify({ owner: parts.owner, messages }) : ''
    remember(KEPT_AS, kept, storage)
  }

  function say(interactionId: string, body: string, note: boolean, consultId = ''): Pending {
    const message: Pending = {
      clientId: parts.newId(), interactionId, body, note, consultId, at: parts.now(), refusal: '',
    }
    pending.value = [...pending.value, message]
    keep()
    parts.transmit(message)
    return message
  }

  /** Send everything again, in the order it was written. */
  function sendAll(): void {
    for (const message of pending.value) if (!message.refusal) parts.transmit(message)
  }

  /** Forget a message that the engine has. */
  function settle(clientId: string): Pending | undefined {
    const settled = pending.value.find((message) => message.clientId === clientId)
    if (!settled) return undefined
    pending.value = pending.value.filter((message) => message !== settled)
    keep()
    return settled
  }

  function refuse(clientId: string, refusal: string): boolean {
    const refused = pending.value.find((message) => message.clientId === clientId)
    if (!refused) return false
    pending.value = pending.value.map((message) =>
      message === refused ? { ...message, refusal } : message,
    )
    keep()
    return true
  }

  function retry(clientId: string): void {
    refuse(clientId, '')
    const message = pending.value.find((one) => one.clientId === clientId)
    if (message) parts.transmit(message)
  }

  function of(interactionId: string): Pending[] {
    return pending.value.filter((message) => message.interactionId === interactionId)
  }

  let toldAt = 0
  function look(): void {
    const waiting = pending.value.filter((message) => !message.refusal)
    const since = Math.max(toldAt, waiting[0]?.at ?? Infinity)
    if (parts.now() - since > STALLED_MS) {
      toldAt = parts.now()
      parts.stalled()
    } else {
      sendAll()
    }
  }

  const timer = setInterval(look, repeatMs)
  return { pending, say, sendAll, settle, refuse, retry, of, stop: () => clearInterval(timer) }
}

export type Outbox = ReturnType<typeof makeOutbox>

function restore(kept: string, owner: string): Pending[] {
  if (!kept) return []
  try {
    const raw = record(JSON.parse(kept))
    return raw['owner'] === owner ? (raw['messages'] as Pending[]) : []
  } catch {
    return []
  }
}
