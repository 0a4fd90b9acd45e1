// Launcher and panel: which page shows, where the focus is, what is read out.

import type { ChatClient, ChatState, Phase } from './client'
import { ConversationView } from './conversation'
import { ICONS, el, icon, put, write } from './dom'
import { FormView } from './form'
import type { Locale, Say } from './texts'
import { errorText, speaker } from './texts'
import type { Context, Typed, View } from './view'

const PAGES: Record<Phase, string> = {
  loading: 'loading',
  form: 'form',
  opening: 'talk',
  chat: 'talk',
  ended: 'talk',
  offline: 'offline',
  left: 'left',
  refused: 'refused',
}

export class Panel {
  readonly element: HTMLElement
  open = false
  #say: Say
  #page = ''
  #view: View | null = null
  #typed: Typed = { name: '', email: '', phone: '', topic: '', body: '', composer: '' }
  readonly #launcher = el('button', { class: 'launcher', type: 'button', 'data-test': 'launcher', 'aria-controls': 'panel' })
  readonly #badge = el('span', { class: 'badge', 'data-test': 'badge', 'aria-hidden': 'true' })
  readonly #panel: HTMLElement
  readonly #title = el('h2', { id: 'title' })
  readonly #status = el('p', { class: 'status', role: 'status', 'data-test': 'status' })
  readonly #language = el('button', { type: 'button', 'data-test': 'language' })
  readonly #endButton = el('button', { type: 'button', 'data-test': 'end' })
  readonly #closeButton = el('button', { type: 'button', 'data-test': 'close' })
  readonly #body = el('div', { class: 'body' })
  readonly #live = el('div', { class: 'sr', 'aria-live': 'polite' })
  readonly #client: ChatClient
  #locale: Locale
  readonly #onToggle: (open: boolean) => void
  readonly #onLanguage: () => void

  constructor(
    client: ChatClient,
    locale: Locale,
    onToggle: (open: boolean) => void,
    onLanguage: () => void,
  ) {
    this.#client = client
    this.#locale = locale
    this.#onToggle = onToggle
    this.#onLanguage = onLanguage
    this.#say = speaker(locale)
    this.#launcher.append(icon(ICONS.chat), this.#badge)
    this.#closeButton.append(icon(ICONS.down))
    const header = el('header', {}, el('div', {}, this.#title, this.#status), this.#language, this.#endButton, this.#closeButton)
    this.#panel = el('section', { class: 'panel', id: 'panel', role: 'dialog', tabindex: -1,
      'aria-labelledby': 'title', 'data-test': 'panel' }, header, this.#body)
    this.element = el('div', { class: 'root' }, this.#panel, this.#launcher, this.#live)
    this.#listen()
    this.render(client.state)
  }

  setLocale(locale: Locale): void {
    this.#locale = locale
    this.#say = speaker(locale)
    this.#page = ''
    this.render(this.#client.state)
  }

  toggle(open: boolean, focus = true): void {
    if (open === this.open) return
    this.open = open
    this.#onToggle(open)
    if (open) this.#client.prepare()
    this.render(this.#client.state)
    if (!focus) return
    if (open) this.#focusView()
    else this.#launcher.focus()
  }

  render(state: ChatState): void {
    const say = this.#say
    this.#panel.hidden = !this.open
    this.element.classList.toggle('open', this.open)
    put(this.#launcher, 'aria-expanded', String(this.open))
    const closed = state.unread > 0 ? say('openUnread', { n: state.unread }) : say('open')
    put(this.#launcher, 'aria-label', this.open ? say('close') : closed)
    write(this.#badge, state.unread > 99 ? '99+' : String(state.unread))
    this.#badge.hidden = state.unread === 0 || this.open
    put(this.#panel, 'lang', this.#locale)
    write(this.#title, state.info?.name || say('title'))
    this.#header(state)
    this.#show(state)
  }

  #listen(): void {
    this.#launcher.addEventListener('click', () => this.toggle(!this.open))
    this.#closeButton.addEventListener('click', () => this.toggle(false))
    this.#language.addEventListener('click', () => this.#onLanguage())
    this.#endButton.addEventListener('click', () => {
      if (this.#view instanceof ConversationView) this.#view.ask(true)
    })
    this.#panel.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || event.isComposing) return
      event.stopPropagation()
      const asked = this.#view instanceof ConversationView && this.#view.ask(false)
      if (!asked) this.toggle(false)
    })
  }

  #header(state: ChatState): void {
    const say = this.#say
    const { connection, phase, agent } = state
    const quiet = connection === 'idle'
    write(this.#status, quiet ? '' : connection === 'online' && agent !== '' ? say('withAgent', { name: agent }) : say(connection))
    put(this.#status, 'data-state', connection)
    this.#status.hidden = quiet
    write(this.#language, say('languageShort'))
    put(this.#language, 'aria-label', say('language'))
    put(this.#language, 'lang', this.#locale === 'en' ? 'zh-CN' : 'en')
    write(this.#endButton, say('end'))
    put(this.#closeButton, 'aria-label', say('close'))
    this.#endButton.hidden = phase !== 'chat' && phase !== 'opening'
  }

  #show(state: ChatState): void {
    const page = PAGES[state.phase]
    if (page !== this.#page) {
      const hadFocus = this.#body.contains((this.element.getRootNode() as ShadowRoot).activeElement ?? null)
      this.#enter(page, state)
      if (hadFocus && this.open) this.#focusView()
    }
    this.#view?.render(state)
  }

  #enter(page: string, state: ChatState): void {
    if ((page === 'offline' || page === 'form') && this.#typed.body === '') this.#typed.body = state.draft.body
    if (page === 'left' || (page === 'talk' && this.#page !== 'talk')) this.#typed.body = ''
    this.#page = page
    this.#view = this.#make(page)
    this.#view.render(state)
    this.#body.replaceChildren(this.#view.element)
    if (page === 'left') this.#announce(this.#view.element.textContent ?? '')
  }

  #make(page: string): View {
    const context: Context = {
      client: this.#client,
      say: this.#say,
      locale: this.#locale,
      typed: this.#typed,
      announce: (text) => this.#announce(text),
    }
    if (page === 'talk') return new ConversationView(context)
    if (page === 'form' || page === 'offline') return new FormView(context, page === 'offline')
    return page === 'left' ? this.#thanks() : this.#note()
  }

  #thanks(): View {
    const say = this.#say
    const number = el('p', { class: 'lead' })
    const again = el('button', { class: 'second', type: 'button', 'data-test': 'again' }, say('again'))
    again.addEventListener('click', () => this.#client.startOver())
    const mark = el('p', { class: 'big', 'aria-hidden': 'true' }, '✓')
    const element = el('div', { class: 'note', 'data-test': 'offline-sent' }, mark, el('h3', {}, say('thanks')), number, again)
    return {
      element,
      render: (state) => {
        put(element, 'data-case', state.caseNumber || null)
        write(number, state.caseNumber ? say('caseNumber', { n: state.caseNumber }) : '')
      },
      focus: () => again.focus(),
    }
  }

  #note(): View {
    const words = el('p', { class: 'lead', role: 'status' })
    const element = el('div', { class: 'note' }, words)
    return {
      element,
      render: (state) => write(words, state.error === '' ? this.#say('loading') : errorText(this.#say, state.error)),
      focus: () => this.#panel.focus(),
    }
  }

  #focusView(): void {
    this.#view?.focus()
    if (!this.#panel.contains((this.element.getRootNode() as ShadowRoot).activeElement ?? null)) this.#panel.focus()
  }

  #announce(text: string): void {
    const line = el('p', {}, text)
    this.#live.append(line)
    while (this.#live.childElementCount > 5) this.#live.firstElementChild?.remove()
  }
}
