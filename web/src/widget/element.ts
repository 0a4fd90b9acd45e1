// <cordboard-chat data-org data-channel data-locale data-base data-theme>: the widget as a custom element.

import { browserPorts } from './browser'
import { ChatClient } from './client'
import { el } from './dom'
import { Memory, usableStorage } from './memory'
import { Panel } from './panel'
import { STYLES } from './styles'
import type { Locale } from './texts'
import { chooseLocale } from './texts'

export const TAG = 'cordboard-chat'

/** Where the script came from; a page that only uses the element talks to the same engine. */
export const origin = { base: '' }

export class CordboardChat extends HTMLElement {
  static readonly observedAttributes = ['data-locale']

  #client: ChatClient | null = null
  #panel: Panel | null = null
  #locale: Locale = 'en'
  readonly #root = this.attachShadow({ mode: 'open' })
  readonly #listening = new AbortController()

  connectedCallback(): void {
    if (this.#client) return
    const org = this.dataset['org'] ?? ''
    const channel = this.dataset['channel'] ?? 'web'
    const base = new URL(this.dataset['base'] ?? (origin.base || '/'), document.baseURI).href
    const memory = new Memory(usableStorage(() => localStorage), org, channel)
    this.#locale = chooseLocale([this.dataset['locale'], ...navigator.languages])
    const client = new ChatClient(browserPorts(base, org, channel), memory, this.#locale)
    const remembered = usableStorage(() => sessionStorage)
    const panelKey = `${memory.sessionKey}:panel`
    const panel = new Panel(
      client,
      this.#locale,
      (open) => {
        remembered.setItem(panelKey, open ? '1' : '')
        this.#watch()
      },
      () => {
        this.dataset['locale'] = this.#locale === 'en' ? 'zh-CN' : 'en'
      },
    )
    this.#client = client
    this.#panel = panel
    this.#dress()
    this.#root.append(panel.element)
    client.subscribe((state) => panel.render(state))
    this.#listen(client, memory.sessionKey)
    client.start()
    if (remembered.getItem(panelKey) === '1') panel.toggle(true, false)
  }

  disconnectedCallback(): void {
    // A move within the page disconnects and connects at once; only a real removal ends the connection.
    queueMicrotask(() => {
      if (this.isConnected) return
      this.#listening.abort()
      this.#client?.stop()
    })
  }

  attributeChangedCallback(): void {
    const locale = chooseLocale([this.dataset['locale'], ...navigator.languages])
    if (locale === this.#locale) return
    this.#locale = locale
    this.#client?.setLocale(locale)
    this.#panel?.setLocale(locale)
  }

  /** Open the panel, as a page's own button may. */
  open(): void {
    this.#panel?.toggle(true)
  }

  close(): void {
    this.#panel?.toggle(false)
  }

  #watch(): void {
    this.#client?.watch(this.#panel?.open === true && document.visibilityState === 'visible')
  }

  #listen(client: ChatClient, sessionKey: string): void {
    const { signal } = this.#listening
    addEventListener('storage', (event) => {
      if (event.key === sessionKey) client.sessionChanged()
    }, { signal })
    addEventListener('online', () => client.hurry(), { signal })
    document.addEventListener('visibilitychange', () => {
      this.#watch()
      if (document.visibilityState === 'visible') client.hurry()
    }, { signal })
  }

  /** Constructed sheets pass a content security policy without 'unsafe-inline'. */
  #dress(): void {
    try {
      const sheet = new CSSStyleSheet()
      sheet.replaceSync(STYLES)
      this.#root.adoptedStyleSheets = [sheet]
    } catch {
      this.#root.append(el('style', {}, STYLES))
    }
  }
}
