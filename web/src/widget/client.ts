// The protocol client: from a form to an ended chat, over as many connections as that takes.
//
// Everything outside (socket, clock, chance, storage, HTTP) is a port, so that tests drive it with a fake socket.
// Exactly once, in order: the token is made here, so `open` can be repeated; a message keeps its client_id until it is
// acknowledged and is sent again after every resume; what arrives is put in order and deduplicated by its number.

import type { Connection, LinkOwner, SocketPort } from './link'
import { Link } from './link'
import type { Memory, Session } from './memory'
import { Outbox } from './outbox'
import { Backoff } from './pacing'
import type { Absence, ChannelInfo, Instead, ServerFrame, VisitorForm } from './protocol'
import {
  DEFAULT_MESSAGE_BYTES,
  PROTOCOL_VERSION,
  absence,
  insteadOf,
  messageBytes,
  minutes,
  parseEntry,
  parseInfo,
  record,
  text,
  whole,
} from './protocol'
import { Timers } from './timers'
import type { Line } from './transcript'
import { Transcript } from './transcript'

export interface Ports {
  connect(): SocketPort
  /** Fetch the channel's description; rejects with the HTTP status in `status`, or without one. */
  fetchInfo(): Promise<unknown>
  now(): number
  random(): number
  after(ms: number, action: () => void): () => void
  newToken(): string
  newId(): string
}

export type Phase = 'loading' | 'form' | 'opening' | 'chat' | 'ended' | 'offline' | 'left' | 'refused'

export interface ChatState extends Absence {
  readonly phase: Phase
  readonly connection: Connection
  readonly busy: boolean // a form is on its way
  readonly info: ChannelInfo | null
  readonly lines: readonly Line[]
  readonly agent: string
  readonly typing: string | null // who types; null = nobody
  readonly position: number // 0 = none told
  readonly wait: string // minutes, such as "2–4"; "" = none told
  readonly error: string // slug of the last error, "" = none
  readonly caseNumber: number
  readonly unread: number
  readonly historySeq: number // lines up to here were there before this page was
  readonly limit: number // bytes of one message
  readonly draft: { readonly form: VisitorForm; readonly body: string }
}

const MARK_MS = 150
const TYPING_AGAIN_MS = 3_000
const TYPING_SHOWN_MS = 8_000
const PENALTY_MS: Record<string, number> = {
  'too-many-sockets': 15_000,
  'bad-frame': 5_000,
  'out-of-order': 5_000,
}
const FATAL = new Set(['origin-refused', 'unknown-channel'])
const TURNED_AWAY: Record<string, Instead> = {
  refused: 'message',
  message: 'message',
  callback: 'callback',
  full: 'later',
  closed: 'later',
}
const NOWHERE = absence('', 'message', '')
const EMPTY_DRAFT = { form: { name: '', email: '', topic: '' }, body: '' }

export class ChatClient implements LinkOwner {
  #phase: Phase = 'loading'
  #info: ChannelInfo | null = null
  #told: unknown = null // what #info was read from
  #session: Session | null = null
  #transcript = new Transcript()
  readonly #timers: Timers
  readonly #link: Link
  readonly #outbox: Outbox
  readonly #infoBackoff: Backoff
  #wantsEnd = false
  #watching = false
  #typing: string | null = null
  #typingSentAt = 0
  #iAmTyping = false
  #position = 0
  #wait = ''
  #absence = NOWHERE
  #error = ''
  #caseNumber = 0
  #limit = DEFAULT_MESSAGE_BYTES
  #historySeq = -1 // -1 = taken from the next `opened`
  #receivedSent = 0
  #readSent = 0
  #draft = EMPTY_DRAFT
  readonly #listeners = new Set<(state: ChatState) => void>()
  readonly #ports: Ports
  readonly #memory: Memory
  #locale: string

  constructor(
    ports: Ports,
    memory: Memory,
    locale: string,
  ) {
    this.#ports = ports
    this.#memory = memory
    this.#locale = locale
    this.#timers = new Timers((ms, action) => ports.after(ms, action))
    this.#link = new Link(() => ports.connect(), this.#timers, () => ports.random(), this)
    this.#infoBackoff = new Backoff(() => ports.random())
    this.#outbox = new Outbox(memory, this.#timers, () => ports.now(), (message) => {
      this.#link.send({ type: 'message', client_id: message.clientId, body: message.body })
    })
  }

  get state(): ChatState {
    return {
      phase: this.#phase,
      connection: this.#link.connection,
      busy: this.#session !== null && (this.#phase === 'opening' || this.#phase === 'offline'),
      info: this.#info,
      lines: this.#transcript.lines(),
      agent: this.#transcript.agent(),
      typing: this.#typing,
      position: this.#position,
      wait: this.#wait,
      error: this.#error,
      ...this.#absence,
      caseNumber: this.#caseNumber,
      unread: this.#transcript.unread(this.#session?.readSeq ?? 0),
      historySeq: this.#historySeq,
      limit: this.#limit,
      draft: this.#draft,
    }
  }

  subscribe(listener: (state: ChatState) => void): void {
    this.#listeners.add(listener)
  }

  setLocale(locale: string): void {
    this.#locale = locale
    if (this.#info) this.#info = parseInfo(this.#told, locale)
  }

  /** Go on with the chat of an earlier page, if there is one; else nothing is sent until `prepare`. */
  start(): void {
    const session = this.#memory.session()
    if (session && session.stage !== 'ended') this.#adopt(session)
  }

  /** Learn the channel's topics and whether it is open; called when the panel opens. */
  prepare(): void {
    if (this.#info === null && !this.#timers.has('info')) void this.#loadInfo()
  }

  /** Another tab changed what is stored: show its chat here too, unless this tab has one. */
  sessionChanged(): void {
    const session = this.#memory.session()
    const occupied = this.#phase === 'chat' || this.#phase === 'opening'
    if (!occupied && session?.stage === 'open' && session.token !== this.#session?.token) this.#adopt(session)
  }

  open(form: VisitorForm, body: string): void {
    this.#begin('opening', form, body)
    this.#phase = 'opening'
    if (this.#session && body !== '') this.#pend(this.#session)
    this.#link.dial()
  }

  /** Leave a message instead of chatting: it becomes a case. */
  leave(form: VisitorForm, body: string): void {
    const before = this.#absence
    this.#begin('leaving', form, body)
    this.#phase = 'offline'
    this.#absence = before
    this.#link.dial()
  }

  send(body: string): void {
    if (!this.#session || this.#phase !== 'chat') return
    const pending = { clientId: this.#ports.newId(), body: wellFormed(body), at: this.#ports.now() }
    this.#outbox.add(this.#session.token, pending)
    this.#transcript.pend(pending)
    this.#iAmTyping = false
    if (this.#link.ready) this.#outbox.flush()
    this.#emit()
  }

  /** Tell that the visitor types, or has stopped; repeated at most every 3 s. */
  setTyping(on: boolean): void {
    if (!this.#link.ready || this.#phase !== 'chat') return
    const now = this.#ports.now()
    if (on === this.#iAmTyping && (!on || now - this.#typingSentAt < TYPING_AGAIN_MS)) return
    this.#iAmTyping = on
    this.#typingSentAt = now
    this.#link.send({ type: 'typing', on })
  }

  /** Say whether the visitor is looking at the transcript. */
  watch(on: boolean): void {
    this.#watching = on
    if (on) this.#markRead()
  }

  end(): void {
    this.#wantsEnd = true
    if (this.#link.ready) this.#link.send({ type: 'end' })
    else this.#link.hurry()
  }

  /** Forget the ended chat and begin anew with the form. */
  startOver(): void {
    this.#hangUp()
    this.#memory.forget()
    this.#reset()
    this.#info = null
    this.#phase = 'loading'
    this.#emit()
    void this.#loadInfo()
  }

  /** The network or the page came back. */
  hurry(): void {
    this.#link.hurry()
  }

  stop(): void {
    this.#hangUp()
    this.#timers.cancelAll()
    this.#listeners.clear()
  }

  greet(): void {
    const session = this.#session
    if (!session) return
    const { token, form } = session
    if (session.stage === 'open') {
      this.#link.send({ type: 'resume', v: PROTOCOL_VERSION, token, last_seq: this.#transcript.lastSeq })
      return
    }
    this.#link.send({
      type: session.stage === 'leaving' ? 'leave' : 'open',
      v: PROTOCOL_VERSION,
      token,
      locale: this.#locale,
      form,
      ...(session.stage === 'leaving' && form.phone !== undefined ? { callback: true } : {}),
      ...(this.#absence.after && { after: this.#absence.after }),
      ...(session.body === '' ? {} : { client_id: session.clientId, body: session.body }),
    })
  }

  receive(frame: ServerFrame): void {
    const act = this.#reactions[frame.type]
    if (!act) return
    act(frame)
    this.#emit()
  }

  connectionChanged(): void {
    this.#outbox.hold()
    this.#typing = null
    this.#emit()
  }

  readonly #reactions: Record<string, (frame: ServerFrame) => void> = {
    opened: (frame) => this.#opened(frame),
    entry: (frame) => this.#arrived(frame),
    ack: (frame) => {
      this.#transcript.acknowledge(text(frame['client_id']), whole(frame['seq']))
      this.#outbox.settle(text(frame['client_id']))
      this.#error = ''
    },
    typing: (frame) => this.#theyType(frame),
    receipt: (frame) => this.#transcript.receipt(whole(frame['received_seq']), whole(frame['read_seq'])),
    position: (frame) => {
      this.#position = whole(frame['position'])
      this.#wait = minutes(frame['wait'])
    },
    offline: (frame) => this.#nobodyThere(frame, insteadOf(frame['form'])),
    left_message: (frame) => this.#messageLeft(whole(frame['case_number'])),
    ended: (frame) => {
      const instead = TURNED_AWAY[text(frame['reason'])]
      if (instead) this.#nobodyThere(frame, instead)
      else this.#ended()
    },
    error: (frame) => this.#refused(text(frame['slug']), whole(frame['retry_after_ms'])),
  }

  #begin(stage: 'opening' | 'leaving', form: VisitorForm, body: string): void {
    this.#hangUp()
    this.#memory.forget()
    this.#reset()
    const clean = wellFormed(body)
    this.#draft = { form, body: clean }
    const clientId = clean === '' ? '' : this.#ports.newId()
    this.#keep({ token: this.#ports.newToken(), stage, form, body: clean, clientId, readSeq: 0 })
  }

  #adopt(session: Session): void {
    this.#hangUp()
    this.#reset()
    this.#session = session
    this.#historySeq = -1
    this.#draft = { form: session.form, body: session.body }
    const phases = { leaving: 'offline', opening: 'opening', open: 'chat', ended: 'ended' } as const
    this.#phase = phases[session.stage]
    if (session.stage === 'opening' && session.body !== '') this.#pend(session)
    for (const pending of this.#outbox.load(session.token)) this.#transcript.pend(pending)
    this.#link.dial()
  }

  #reset(): void {
    this.#transcript = new Transcript()
    this.#session = null
    this.#wantsEnd = this.#iAmTyping = false
    this.#position = this.#caseNumber = this.#historySeq = 0
    this.#typing = null
    this.#error = this.#wait = ''
    this.#absence = NOWHERE
    this.#draft = EMPTY_DRAFT
  }

  #keep(session: Session): void {
    this.#session = session
    this.#memory.keep(session)
  }

  #pend(session: Session): void {
    this.#transcript.pend({ clientId: session.clientId, body: session.body, at: this.#ports.now() })
  }

  async #loadInfo(): Promise<void> {
    this.#timers.set('info', 0x7fffffff, () => undefined) // under way: `prepare` asks no second time
    try {
      this.#told = await this.#ports.fetchInfo()
      const info = parseInfo(this.#told, this.#locale)
      this.#timers.cancel('info')
      this.#infoBackoff.reset()
      this.#info = info
      this.#limit = info.messageBytes
      if (this.#error === 'unavailable') this.#error = ''
      if (this.#phase === 'loading') this.#settle(info)
    } catch (problem) {
      this.#infoFailed(whole(record(problem)['status']))
    }
    this.#emit()
  }

  #infoFailed(status: number): void {
    if (status === 404 || status === 403) {
      this.#timers.cancel('info')
      if (this.#phase === 'loading') this.#phase = 'refused'
      this.#error = status === 404 ? 'unknown-channel' : 'origin-refused'
      return
    }
    if (this.#phase === 'loading') this.#error = 'unavailable'
    this.#timers.set('info', this.#infoBackoff.next(1_000), () => void this.#loadInfo())
  }

  #settle(info: ChannelInfo): void {
    this.#phase = info.state === 'open' ? 'form' : 'offline'
    this.#absence = info.absence
  }

  #opened(frame: ServerFrame): void {
    if (!this.#session) return
    this.#link.established()
    this.#error = ''
    this.#phase = 'chat'
    this.#limit = messageBytes(frame['limits'])
    if (this.#historySeq < 0) this.#historySeq = whole(frame['last_seq'])
    this.#receivedSent = this.#readSent = 0
    this.#keep({ ...this.#session, stage: 'open' })
    this.prepare()
    this.#outbox.rewind()
    this.#outbox.flush()
    if (this.#wantsEnd) this.#link.send({ type: 'end' })
    this.#timers.set('mark', MARK_MS, () => this.#mark())
  }

  #arrived(frame: ServerFrame): void {
    const entry = parseEntry(frame['entry'])
    if (!entry) return
    this.#transcript.insert(entry)
    if (entry.author === 'visitor') this.#outbox.settle(entry.client_id)
    else this.#typing = null
    if (entry.kind === 'joined') this.#position = 0
    if (!this.#timers.has('mark')) this.#timers.set('mark', MARK_MS, () => this.#mark())
  }

  #theyType(frame: ServerFrame): void {
    this.#typing = frame['on'] === true ? text(frame['name']) : null
    this.#timers.set('typing', TYPING_SHOWN_MS, () => {
      this.#typing = null
      this.#emit()
    })
  }

  #nobodyThere(frame: ServerFrame, instead: Instead): void {
    this.#absence = absence(frame['reason'], instead, frame['text'], this.#session?.token)
    this.#hangUp()
    this.#memory.forget()
    this.#session = null
    this.#transcript = new Transcript()
    this.#phase = 'offline'
  }

  #messageLeft(caseNumber: number): void {
    this.#hangUp()
    this.#memory.forget()
    this.#session = null
    this.#caseNumber = caseNumber
    this.#phase = 'left'
  }

  #ended(): void {
    if (this.#watching) this.#markRead()
    this.#hangUp()
    this.#phase = 'ended'
    this.#position = 0
    this.#typing = null
    this.#transcript.fail()
    this.#outbox.clear()
    if (this.#session) this.#keep({ ...this.#session, stage: 'ended' })
  }

  #refused(slug: string, retryAfterMs: number): void {
    this.#error = slug
    this.#link.holdOff(retryAfterMs || PENALTY_MS[slug] || 0)
    if (slug === 'too-fast') this.#outbox.slowDown()
    else if (slug === 'too-large') this.#transcript.fail(this.#outbox.giveUpLongest() || ' ')
    else if (slug === 'interaction-closed') this.#ended()
    else if (slug === 'unknown-session') this.#unknown()
    else if (FATAL.has(slug)) {
      this.#hangUp()
      this.#phase = 'refused'
    }
  }

  #unknown(): void {
    this.#hangUp()
    this.#memory.forget()
    this.#reset()
    this.#error = 'unknown-session'
    this.#phase = 'loading'
    if (this.#info) this.#settle(this.#info)
    else void this.#loadInfo()
  }

  #mark(): void {
    if (this.#watching) this.#markRead()
    const seq = this.#transcript.lastSeq
    if (!this.#link.ready || seq <= this.#receivedSent) return
    this.#receivedSent = seq
    if (this.#readSent < seq) this.#link.send({ type: 'received', seq })
  }

  #markRead(): void {
    const seq = this.#transcript.lastSeq
    if (!this.#session || seq === 0) return
    if (seq > this.#session.readSeq) {
      this.#keep({ ...this.#session, readSeq: seq })
      this.#emit()
    }
    if (!this.#link.ready || seq <= this.#readSent) return
    this.#readSent = seq
    this.#link.send({ type: 'read', seq })
  }

  #hangUp(): void {
    for (const name of ['mark', 'typing']) this.#timers.cancel(name)
    this.#outbox.hold()
    this.#link.hangUp()
  }

  #emit(): void {
    const state = this.state
    for (const listener of this.#listeners) listener(state)
  }
}

/** Replace half characters (a cut emoji) and NUL, which no database takes. */
function wellFormed(body: string): string {
  return body.replace(/\p{Surrogate}|\0/gu, '\ufffd')
}
