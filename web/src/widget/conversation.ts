// The chat itself: transcript, queue position, typing, composer, end.

import type { ChatState } from './client'
import { ICONS, el, icon, put, write } from './dom'
import type { TextKey } from './texts'
import { errorText } from './texts'
import type { Line } from './transcript'
import type { Context, View } from './view'

const NEAR_BOTTOM_PX = 60
const TICKS: Record<string, string> = { sent: ' ✓', delivered: ' ✓✓', read: ' ✓✓' }
const SYSTEM: Record<string, TextKey> = { joined: 'joined', left: 'left', ended: 'ended', warning: 'warning' }

interface Shown {
  readonly element: HTMLLIElement
  signature: string
}

export class ConversationView implements View {
  readonly element: HTMLElement
  readonly #list = el('ol')
  readonly #talk: HTMLElement
  readonly #position = el('p', { class: 'position', 'data-test': 'position' })
  readonly #typingLine = el('p', { class: 'typing', 'data-test': 'typing' })
  readonly #jump: HTMLButtonElement
  readonly #trouble = el('p', { class: 'bar error', role: 'alert' })
  readonly #confirm: HTMLElement
  readonly #form: HTMLElement
  readonly #away: HTMLElement
  readonly #input: HTMLTextAreaElement
  readonly #button: HTMLButtonElement
  readonly #shown = new Map<string, Shown>()
  #announcedSeq = -1
  #quiet: (() => void) | null = null
  readonly #context: Context

  constructor(context: Context) {
    this.#context = context
    const { say } = context
    this.#talk = el('div', { class: 'talk', tabindex: 0, role: 'log', 'aria-live': 'off', 'aria-label': say('transcript') },
      this.#list, this.#position, this.#typingLine)
    this.#jump = el('button', { class: 'jump', type: 'button' }, say('newMessages'))
    this.#jump.hidden = true
    this.#jump.addEventListener('click', () => this.#toBottom())
    this.#talk.addEventListener('scroll', () => {
      if (this.#nearBottom()) this.#jump.hidden = true
    })
    this.#input = el('textarea', { rows: 1, placeholder: say('composer'), 'aria-label': say('composer'),
      'aria-description': say('sendHint'), 'data-test': 'composer' })
    this.#button = el('button', { type: 'submit', 'aria-label': say('send'), 'data-test': 'send' }, icon(ICONS.send))
    this.#form = this.#composer()
    this.#confirm = this.#endQuestion()
    const again = el('button', { class: 'primary', type: 'button', 'data-test': 'again' }, say('again'))
    again.addEventListener('click', () => context.client.startOver())
    this.#away = el('div', { class: 'away' }, again)
    this.element = el('div', { class: 'body' },
      this.#talk, this.#jump, this.#trouble, this.#confirm, this.#form, this.#away)
  }

  render(state: ChatState): void {
    const over = state.phase === 'ended'
    const stick = this.#nearBottom()
    const news = this.#draw(state)
    this.#waitingLine(state)
    write(this.#typingLine, state.typing === null ? '' : this.#context.say('typing', { name: this.#named(state.typing) }))
    write(this.#trouble, state.error === '' ? '' : errorText(this.#context.say, state.error))
    this.#trouble.hidden = state.error === '' || over
    const hadFocus = this.#form.contains((this.element.getRootNode() as Document | ShadowRoot).activeElement)
    this.#form.hidden = over
    this.#away.hidden = !over
    if (over) this.ask(false)
    if (over && hadFocus) this.focus()
    this.#check()
    if (stick || news === 'mine') this.#toBottom()
    else if (news === 'theirs') this.#jump.hidden = false
  }

  focus(): void {
    if (this.#away.hidden) this.#input.focus()
    else this.#away.querySelector('button')?.focus()
  }

  /** Show or take back the question whether to end; answers whether it was showing. */
  ask(on: boolean): boolean {
    const was = !this.#confirm.hidden
    const stick = this.#nearBottom()
    this.#confirm.hidden = !on
    if (stick) this.#toBottom()
    if (on) this.#confirm.querySelector('button')?.focus()
    else if (was) this.focus()
    return was
  }

  #composer(): HTMLElement {
    const { client, typed } = this.#context
    this.#input.value = typed.composer
    this.#input.addEventListener('input', () => {
      typed.composer = this.#input.value
      this.#grow()
      this.#check()
      this.#typingNow()
    })
    this.#input.addEventListener('keydown', (event) => {
      // 229: Safari ends a composition before the Enter that chose it arrives.
      const composing = event.isComposing || event.keyCode === 229
      if (event.key !== 'Enter' || event.shiftKey || composing) return
      event.preventDefault()
      this.#send()
    })
    this.#input.addEventListener('blur', () => client.setTyping(false))
    const form = el('form', { class: 'composer' }, this.#input, this.#button)
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      this.#send()
      this.#input.focus()
    })
    return form
  }

  #endQuestion(): HTMLElement {
    const { client, say } = this.#context
    const yes = el('button', { class: 'primary', type: 'button', 'data-test': 'end-confirm' }, say('endConfirm'))
    const no = el('button', { class: 'second', type: 'button' }, say('keep'))
    const question = el('p', { id: 'end-question' }, say('endQuestion'))
    const box = el('div', { class: 'confirm', role: 'alertdialog', 'aria-labelledby': 'end-question' }, question, yes, no)
    box.hidden = true
    yes.addEventListener('click', () => {
      client.end()
      this.ask(false)
    })
    no.addEventListener('click', () => this.ask(false))
    return box
  }

  #send(): void {
    const { client, typed } = this.#context
    const body = this.#input.value.trim()
    if (body === '' || this.#button.disabled) return
    client.send(body)
    this.#input.value = typed.composer = ''
    this.#quiet?.()
    this.#grow()
    this.#check()
  }

  #typingNow(): void {
    const { client } = this.#context
    this.#quiet?.()
    client.setTyping(this.#input.value !== '')
    const timer = setTimeout(() => client.setTyping(false), 4_000)
    this.#quiet = () => clearTimeout(timer)
  }

  #grow(): void {
    this.#input.style.height = 'auto'
    this.#input.style.height = `${this.#input.scrollHeight + 2}px`
  }

  /** Allow sending only what the engine would take. */
  #check(): void {
    const state = this.#context.client.state
    const tooLong = new TextEncoder().encode(this.#input.value.trim()).length > state.limit
    put(this.#input, 'aria-invalid', tooLong ? 'true' : null)
    this.#button.disabled = tooLong || state.phase !== 'chat'
    if (!tooLong) return
    write(this.#trouble, this.#context.say('tooLong'))
    this.#trouble.hidden = false
  }

  #waitingLine(state: ChatState): void {
    const { say } = this.#context
    this.#position.hidden = state.phase !== 'chat' || state.agent !== ''
    put(this.#position, 'data-position', state.position)
    const key = state.position > 1 ? 'position' : state.position === 1 ? 'next' : 'queued'
    const wait = state.position > 0 && state.wait !== '' ? ` ${say('wait', { name: state.wait })}` : ''
    write(this.#position, say(key, { n: state.position }) + wait)
  }

  #draw(state: ChatState): '' | 'mine' | 'theirs' {
    let news: '' | 'mine' | 'theirs' = ''
    const keys = new Set(state.lines.map((line) => line.key))
    for (const [key, shown] of this.#shown) {
      if (keys.has(key)) continue
      shown.element.remove()
      this.#shown.delete(key)
    }
    state.lines.forEach((line, index) => {
      const fresh = this.#place(line, index, state.lines)
      if (fresh) news = line.author === 'visitor' ? (line.state === 'sending' ? 'mine' : news) : 'theirs'
    })
    this.#tell(state)
    return news
  }

  #place(line: Line, index: number, lines: readonly Line[]): boolean {
    const first = !sameSpeaker(lines[index - 1], line)
    const last = !sameSpeaker(line, lines[index + 1]) || minute(line) !== minute(lines[index + 1])
    const signature = [line.state, line.at, line.body, first, last].join('|')
    let shown = this.#shown.get(line.key)
    const fresh = shown === undefined
    shown ??= { element: el('li', { 'data-test': 'entry' }), signature: '' }
    if (shown.signature !== signature) this.#fill(shown.element, line, first, last)
    shown.signature = signature
    this.#shown.set(line.key, shown)
    const there = this.#list.children[index] ?? null
    if (there !== shown.element) this.#list.insertBefore(shown.element, there)
    return fresh
  }

  #fill(item: HTMLLIElement, line: Line, first: boolean, last: boolean): void {
    put(item, 'data-author', line.author)
    put(item, 'data-kind', line.kind)
    put(item, 'data-seq', line.seq)
    put(item, 'data-state', line.state)
    if (line.author === 'system') return item.replaceChildren(this.#systemText(line))
    const who = line.author === 'visitor' ? this.#context.say('you') : line.name || this.#context.say('agent')
    const name = el('span', { class: line.author === 'agent' && first ? 'who' : 'sr' }, who)
    const meta = el('span', { class: 'meta' }, this.#metaText(line))
    meta.hidden = !last && line.state !== 'failed' && line.state !== 'sending'
    item.replaceChildren(name, el('div', { class: 'bubble' }, line.body), meta)
  }

  #metaText(line: Line): string {
    const time = line.at === 0 ? '' : new Intl.DateTimeFormat(this.#context.locale, { hour: '2-digit', minute: '2-digit' }).format(line.at)
    if (line.state === '') return time
    return `${time} · ${this.#context.say(line.state)}${TICKS[line.state] ?? ''}`
  }

  #systemText(line: Line): string {
    const key = SYSTEM[line.kind]
    if (key === undefined || (line.kind === 'warning' && line.body !== '')) return line.body
    return this.#context.say(key, { name: line.name || this.#context.say('anAgent') })
  }

  #named(name: string): string {
    return name || this.#context.say('anAgent')
  }

  /** Read new lines of others out, but not the history a page starts with. */
  #tell(state: ChatState): void {
    if (this.#announcedSeq < 0) this.#announcedSeq = state.lines.reduce((seq, line) => Math.max(seq, line.seq), 0)
    for (const line of state.lines) {
      if (line.seq <= this.#announcedSeq || line.author === 'visitor') continue
      this.#announcedSeq = line.seq
      if (line.seq <= state.historySeq || state.historySeq < 0) continue
      this.#context.announce(line.author === 'system' ? this.#systemText(line) : `${this.#named(line.name)}: ${line.body}`)
    }
  }

  #nearBottom(): boolean {
    return this.#talk.scrollHeight - this.#talk.scrollTop - this.#talk.clientHeight < NEAR_BOTTOM_PX
  }

  #toBottom(): void {
    this.#talk.scrollTop = this.#talk.scrollHeight
    this.#jump.hidden = true
  }
}

function sameSpeaker(one: Line | undefined, other: Line | undefined): boolean {
  return one?.author === other?.author && one?.name === other?.name
}

function minute(line: Line | undefined): number {
  return Math.floor((line?.at ?? 0) / 60_000)
}
