// The agent's desk: everything the agent socket tells, and what the agent does about it.
import { defineStore } from 'pinia'
import { computed, markRaw, ref, shallowRef } from 'vue'
import { serverNow } from '@/shared/clock'
import * as engine from '@/shared/engine'
import { i18n, inLanguage } from '@/shared/i18n'
import { useSession } from '@/shared/session'
import { AgentSocket, socketAddress, type Link } from '@/shared/socket'
import { slugWords, useToasts } from '@/shared/toasts'
import type {
  Case, Entry, Frame, HeldItem, HelloFrame, Lists, Named, Offer, PresenceStatus, StateFrame,
  WaitingItem,
} from '@/shared/wire'
import { useAlerts } from './alerts/alerts'
import { alertWords } from './alerts/alertWords'
import { announceAlert, announceEntry, announceOffer } from './attention'
import { useCalls } from './calls/calls'
import { makeCommands } from './commands'
import { keyOf, opened, withEntry, withReceipt, type Conversation, type Held } from './conversation'
import { tellJob } from './jobs/news'
import { makeOutbox, type Outbox, type Pending } from './outbox'
import { missingAfter } from './transcript'

const TYPING_MS = 6_000

export const useDesk = defineStore('desk', () => {
  const session = useSession()
  const toasts = useToasts()
  const link = ref<Link>({ state: 'closed', retryAt: 0 })
  const ready = ref(false)
  const lists = shallowRef<Lists>({
    statuses: [], queues: [], dispositions: [], skills: [], declineReasons: [],
  })
  const statuses = computed<PresenceStatus[]>(() => lists.value.statuses.map(inLanguage))
  const queues = computed<Named[]>(() => lists.value.queues.map(inLanguage))
  const dispositions = computed<Named[]>(() => lists.value.dispositions.map(inLanguage))
  const skills = computed<Named[]>(() => lists.value.skills.map(inLanguage))
  const declineReasons = computed<Named[]>(() => lists.value.declineReasons.map(inLanguage))
  const status = ref({ key: '', since: 0 })
  const load = ref({ used: 0, units: 0 })
  const offers = ref<Offer[]>([])
  const items = ref<HeldItem[]>([])
  const parked = ref<HeldItem[]>([])
  const waiting = shallowRef<{ items: WaitingItem[]; more: boolean } | null>(null)
  let watches = false
  const conversations = ref<Record<string, Conversation>>({})
  const selectedId = ref('')
  /** Where there is no room for both: the conversation is shown, not the list. */
  const reading = ref(false)
  const outbox = shallowRef<Outbox | null>(null)
  let wanted = '' // accepted here: shown as soon as it has come

  // Raw: a reactive proxy could not reach the private fields.
  const socket = markRaw(new AgentSocket({
    url: socketAddress,
    open: (url) => new WebSocket(url),
    onFrame: receive,
    onLink: linked,
    mayRetry: () => session.holds(),
  }))
  const commands = makeCommands({ send: (frame) => socket.send(frame), newId: engine.newId })

  const held = computed<Held[]>(() =>
    items.value.map((item) => ({ item, conversation: conversations.value[item.interactionId] })),
  )
  const shelf = computed<Held[]>(() =>
    parked.value.map((item) => ({ item, conversation: conversations.value[item.interactionId] })),
  )
  const selected = computed(() =>
    held.value.find((one) => keyOf(one.item) === selectedId.value),
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
    useAlerts().forget()
    useCalls().forget()
    offers.value = []
    items.value = []
    parked.value = []
    waiting.value = null
    conversations.value = {}
    selectedId.value = ''
  }

  function linked(fresh: Link): void {
    link.value = fresh
    if (fresh.state !== 'open') commands.giveUp()
  }

  function transmit(message: Pending): boolean {
    return socket.send({
      type: 'message', interaction_id: message.interactionId, client_id: message.clientId,
      body: message.body, note: message.note,
      ...(message.consultId ? { consult_id: message.consultId } : {}),
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
      case 'alert':
        if (useAlerts().take(frame.alert)) announceAlert(alertWords(frame.alert, queueName).title)
        return
      case 'alerts':
        useAlerts().count = frame.unread
        return
      case 'job':
        return tellJob(frame.job)
      case 'withdrawn':
        return withdrawn(frame.reason)
      case 'calls':
        return useCalls().take(frame.calls)
      case 'waiting':
        waiting.value = frame
        return
      case 'config':
        return void engine.lists().then((fresh) => (lists.value = fresh), () => undefined)
      case 'accepted':
        commands.settle(frame.clientId, true)
        return
      case 'error':
        if (commands.settle(frame.clientId, false)) return
        if (!outbox.value?.refuse(frame.clientId, slugWords(frame.slug, frame.detail))) {
          toasts.show('danger', slugWords(frame.slug, frame.detail))
        }
    }
  }

  function greeted(frame: HelloFrame): void {
    lists.value = frame
    for (const id of Object.keys(conversations.value)) fetchMissing(id, true)
    if (watches) watchWaiting(true)
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
    items.value = frame.items.filter((item) => item.state !== 'parked')
    parked.value = frame.items.filter((item) => item.state === 'parked')
    ready.value = true
    forgetClosed()
    choose()
  }

  function forgetClosed(): void {
    const all = [...items.value, ...parked.value]
    const open = new Set(all.map((item) => item.interactionId))
    const kept = Object.entries(conversations.value).filter(([id]) => open.has(id))
    conversations.value = Object.fromEntries(kept)
  }

  function choose(): void {
    const ids = items.value.map(keyOf)
    const accepted = items.value.find((item) => item.itemId === wanted)
    if (accepted) {
      wanted = ''
      select(keyOf(accepted))
    } else if (!ids.includes(selectedId.value)) {
      selectedId.value = ids[0] ?? ''
    }
  }

  /** Say why an offer is gone though the agent did nothing. */
  function withdrawn(reason: string): void {
    const { t, te } = i18n.global
    const key = `offer.gone.${reason}`
    if (te(key)) toasts.show('info', t(key))
  }

  function watchWaiting(on: boolean): void {
    watches = on
    if (!on) waiting.value = null
    socket.send({ type: 'watch', topic: 'waiting', on })
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
    reading.value = true
  }

  /** Mark the conversation read up to what is shown, once per entry. */
  function markRead(id: string): void {
    const conversation = conversations.value[id]
    if (!conversation || conversation.readSeq >= conversation.toldSeq) return
    const mine = items.value.some((item) => item.interactionId === id && !item.work)
    if (!mine) return // who is only asked about it has not read it for the customer
    const seq = conversation.toldSeq
    change(id, (before) => ({ ...before, readSeq: seq }))
    socket.send({ type: 'read', interaction_id: id, seq })
  }

  function typing(id: string, on: boolean): void {
    socket.send({ type: 'typing', interaction_id: id, on })
  }

  function accept({ itemId, assignment }: Offer): Promise<boolean> {
    wanted = itemId
    return toasts.attempt(async () => {
      const done = await commands.ask({ type: 'accept', item_id: itemId, assignment })
      if (!done) await engine.accept(itemId, assignment)
    })
  }

  function decline(offer: Offer, reason: string): Promise<boolean> {
    return toasts.attempt(() => engine.decline(offer.itemId, offer.assignment, reason))
  }

  function pick(itemId: string): Promise<boolean> {
    wanted = itemId
    return toasts.attempt(() => engine.pick(itemId))
  }

  function park(item: HeldItem): Promise<boolean> {
    const seen = conversations.value[item.interactionId]?.entries.at(-1)?.seq
    return toasts.attempt(() => engine.park(item.itemId, item.assignment, seen))
  }

  /** Let parked work go on, with this agent: it is his again as soon as he has room. */
  async function resume(item: HeldItem): Promise<boolean> {
    const back = await toasts.attempt(() => engine.resume(item.itemId))
    return back && pick(item.itemId)
  }

  async function extendWrapUp(item: HeldItem): Promise<boolean> {
    const done = await toasts.attempt(() => engine.extendWrapUp(item.itemId, item.assignment))
    if (done) socket.send({ type: 'look' })
    return done
  }

  function setStatus(key: string): Promise<boolean> {
    return toasts.attempt(() => engine.setPresence(key))
  }

  return {
    link, ready, statuses, queues, dispositions, status, presence, load, offers, items, held,
    conversations, selectedId, reading, selected, outbox, socket, queueName, takesWork,
    skills, declineReasons, parked, shelf, waiting, watchWaiting, pick, park, resume, extendWrapUp,
    start, stop, select, markRead, typing, accept, decline, setStatus, giveCase,
  }
})
