// The agent's desk: everything the agent socket tells, and what the agent does about it.
import { defineStore } from 'pinia'
import { computed, markRaw, ref, shallowRef } from 'vue'
import { serverNow } from '@/shared/clock'
import * as engine from '@/shared/engine'
import { inLanguage } from '@/shared/i18n'
import { useSession } from '@/shared/session'
import { AgentSocket, socketAddress, type Link } from '@/shared/socket'
import { useToasts } from '@/shared/toasts'
import type {
  Case, Entry, Frame, HeldItem, HelloFrame, Lists, Named, Offer, PresenceStatus, StateFrame,
} from '@/shared/wire'
import { announceEntry, announceOffer } from './attention'
import { opened, withEntry, withReceipt, type Conversation, type Held } from './conversation'
import { makeOutbox, type Outbox, type Pending } from './outbox'
import { missingAfter } from './transcript'

const TYPING_MS = 6_000

export const useDesk = defineStore('desk', () => {
  const session = useSession()
  const toasts = useToasts()
  const link = ref<Link>({ state: 'closed', retryAt: 0 })
  const ready = ref(false)
  const lists = shallowRef<Lists>({ statuses: [], queues: [], dispositions: [] })
  const statuses = computed<PresenceStatus[]>(() => lists.value.statuses.map(inLanguage))
  const queues = computed<Named[]>(() => lists.value.queues.map(inLanguage))
  const dispositions = computed<Named[]>(() => lists.value.dispositions.map(inLanguage))
  const status = ref({ key: '', since: 0 })
  const load = ref({ used: 0, units: 0 })
  const offers = ref<Offer[]>([])
  const items = ref<HeldItem[]>([])
  const conversations = ref<Record<string, Conversation>>({})
  const selectedId = ref('')
  const outbox = shallowRef<Outbox | null>(null)
  let wanted = '' // accepted here: shown as soon as it has come

  // Raw: a reactive proxy could not reach the private fields.
  const socket = markRaw(new AgentSocket({
    url: socketAddress,
    open: (url) => new WebSocket(url),
    onFrame: receive,
    onLink: (fresh) => (link.value = fresh),
    mayRetry: () => session.holds(),
  }))

  const held = computed<Held[]>(() =>
    items.value.map((item) => ({ item, conversation: conversations.value[item.interactionId] })),
  )
  const selected = computed(() =>
    held.value.find((one) => one.item.interactionId === selectedId.value),
  )
  const presence = computed(() => statuses.value.find((one) => one.key === status.value.key))
  /** False for users without a place in the organisation's configuration, such as an admin. */
  const takesWork = computed(() => load.value.units > 0)
  const queueName = (key: string): string =>
    queues.value.find((queue) => queue.key === key)?.name ?? key

  function start(): void {
    const owner = session.signed?.user.id ?? ''
    outbox.value?.stop()
    const stalled = (): void => socket.renew()
    outbox.value = makeOutbox({ transmit, stalled, newId: engine.newId, now: serverNow, owner })
    socket.start()
  }

  function stop(): void {
    socket.stop()
    outbox.value?.stop()
    outbox.value = null
    ready.value = false
    offers.value = []
    items.value = []
    conversations.value = {}
    selectedId.value = ''
  }

  function transmit(message: Pending): boolean {
    return socket.send({
      type: 'message', interaction_id: message.interactionId, client_id: message.clientId,
      body: message.body, note: message.note,
    })
  }

  function receive(frame: Frame): void {
    switch (frame.type) {
      case 'hello':
        return greeted(frame)
      case 'state':
        return taken(frame)
      case 'conversation': {
        const { id } = frame.interaction
        put(id, opened(frame, conversations.value[id]))
        for (const entry of frame.entries) outbox.value?.settle(entry.clientId)
        return fetchMissing(id)
      }
      case 'entry':
        return entered(frame.interactionId, frame.entry)
      case 'ack':
        return acknowledged(frame.interactionId, frame.clientId, frame.seq, frame.at)
      case 'typing':
        if (frame.who === 'agent') return
        return change(frame.interactionId, (before) => ({
          ...before, typingUntil: frame.on ? serverNow() + TYPING_MS : 0,
        }))
      case 'receipt':
        return change(frame.interactionId, (before) =>
          withReceipt(before, frame.receivedSeq, frame.readSeq),
        )
      case 'visitor':
        return change(frame.interactionId, (before) => ({
          ...before, visitor: { ...before.visitor, online: frame.online },
        }))
      case 'case':
        return giveCase(frame.interactionId, frame.case)
      case 'config':
        return void engine.lists().then((fresh) => (lists.value = fresh), () => undefined)
      case 'error':
        if (!outbox.value?.refuse(frame.clientId, frame.detail || frame.slug)) {
          toasts.show('danger', frame.detail || frame.slug)
        }
    }
  }

  function greeted(frame: HelloFrame): void {
    lists.value = frame
    for (const id of Object.keys(conversations.value)) fetchMissing(id, true)
    outbox.value?.sendAll()
  }

  function taken(frame: StateFrame): void {
    const known = new Set(offers.value.map((offer) => `${offer.itemId}:${offer.assignment}`))
    for (const offer of frame.offers) {
      if (!known.has(`${offer.itemId}:${offer.assignment}`)) announceOffer(offer)
    }
    status.value = frame.status
    load.value = frame.load
    offers.value = frame.offers
    items.value = frame.items
    ready.value = true
    forgetClosed()
    choose()
  }

  function forgetClosed(): void {
    const open = new Set(items.value.map((item) => item.interactionId))
    const kept = Object.entries(conversations.value).filter(([id]) => open.has(id))
    conversations.value = Object.fromEntries(kept)
  }

  function choose(): void {
    const ids = items.value.map((item) => item.interactionId)
    const accepted = items.value.find((item) => item.itemId === wanted)
    if (accepted) {
      wanted = ''
      selectedId.value = accepted.interactionId
    } else if (!ids.includes(selectedId.value)) {
      selectedId.value = ids[0] ?? ''
    }
  }

  function put(id: string, conversation: Conversation): void {
    conversations.value = { ...conversations.value, [id]: conversation }
  }

  function change(id: string, changed: (before: Conversation) => Conversation): void {
    const before = conversations.value[id]
    if (before) put(id, changed(before))
  }

  function fetchMissing(id: string, anyway = false): void {
    const conversation = conversations.value[id]
    if (!conversation) return
    const missing = missingAfter(conversation.entries, conversation.toldSeq)
    const after = missing ?? (anyway ? conversation.toldSeq : null)
    if (after !== null) socket.send({ type: 'sync', interaction_id: id, after_seq: after })
  }

  function entered(id: string, entry: Entry): void {
    const before = conversations.value[id]
    if (!before) return
    const fresh = entry.seq > before.toldSeq
    const jumped = entry.seq > before.toldSeq + 1
    put(id, withEntry(before, entry))
    if (entry.author === 'agent') outbox.value?.settle(entry.clientId)
    if (fresh && entry.author === 'visitor') announceEntry(before.contact, entry)
    if (jumped) fetchMissing(id)
  }

  function acknowledged(id: string, clientId: string, seq: number, at: number): void {
    const settled = outbox.value?.settle(clientId)
    const user = session.signed?.user
    if (!settled || !user) return
    const entry: Entry = {
      id: '', seq, at, clientId, kind: settled.note ? 'note' : 'message', author: 'agent',
      authorId: user.id, name: user.name, body: settled.body, data: {},
    }
    change(id, (before) => withEntry(before, entry))
    fetchMissing(id)
  }

  /** Show a case with a conversation, unless a newer version of it is shown already. */
  function giveCase(id: string, fresh: Case): void {
    change(id, (before) => {
      const older = before.case?.id === fresh.id && before.case.version > fresh.version
      const interaction = { ...before.interaction, caseId: fresh.id }
      return older ? before : { ...before, case: fresh, interaction }
    })
  }

  function select(id: string): void {
    selectedId.value = id
  }

  /** Mark the conversation read up to what is shown, once per entry. */
  function markRead(id: string): void {
    const conversation = conversations.value[id]
    if (!conversation || conversation.readSeq >= conversation.toldSeq) return
    const seq = conversation.toldSeq
    change(id, (before) => ({ ...before, readSeq: seq }))
    socket.send({ type: 'read', interaction_id: id, seq })
  }

  function typing(id: string, on: boolean): void {
    socket.send({ type: 'typing', interaction_id: id, on })
  }

  function accept(offer: Offer): Promise<boolean> {
    wanted = offer.itemId
    return toasts.attempt(() => engine.accept(offer.itemId, offer.assignment))
  }

  function decline(offer: Offer, reason: string): Promise<boolean> {
    return toasts.attempt(() => engine.decline(offer.itemId, offer.assignment, reason))
  }

  function setStatus(key: string): Promise<boolean> {
    return toasts.attempt(() => engine.setPresence(key))
  }

  return {
    link, ready, statuses, queues, dispositions, status, presence, load, offers, items, held,
    conversations, selectedId, selected, outbox, socket, queueName, takesWork,
    start, stop, select, markRead, typing, accept, decline, setStatus, giveCase,
  }
})
