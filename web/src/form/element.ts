// <cordboard-form data-org data-channel data-locale data-base>: the engine's form within a page of somebody else.

import { Form } from './enhance'

export const TAG = 'cordboard-form'

/** Where the script came from; a page that only uses the element talks to the same engine. */
export const origin = { base: '' }

interface Part {
  html: string
  css: string
  title: string
}

export class CordboardForm extends HTMLElement {
  static readonly observedAttributes = ['data-locale']
  readonly #root = this.attachShadow({ mode: 'open' })
  #form: Form | null = null

  connectedCallback(): void {
    if (!this.#form) void this.#load()
  }

  disconnectedCallback(): void {
    this.#form?.stop()
    this.#form = null
  }

  attributeChangedCallback(_: string, before: string | null): void {
    if (before !== null && this.isConnected) void this.#load()
  }

  async #load(): Promise<void> {
    const base = new URL(this.dataset['base'] ?? (origin.base || '/'), document.baseURI).href
    const locale = this.dataset['locale'] || document.documentElement.lang || navigator.language
    const path = `forms/${this.dataset['org'] ?? ''}/${this.dataset['channel'] ?? 'contact'}`
    const address = new URL(`${path}?lang=${encodeURIComponent(locale)}`, base).href
    try {
      const answer = await fetch(address, { headers: { Accept: 'application/json' }, credentials: 'omit' })
      if (!answer.ok) throw new Error(`the form at ${address} answered ${answer.status}`)
      this.#show((await answer.json()) as Part, address)
    } catch (error) {
      console.error('cordboard-form:', error)
    }
  }

  #show(part: Part, address: string): void {
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(part.css)
    this.#root.adoptedStyleSheets = [sheet]
    this.#root.innerHTML = part.html
    this.setAttribute('role', 'group')
    this.setAttribute('aria-label', part.title)
    const form = this.#root.querySelector('form')
    if (!form) return
    this.#form?.stop()
    this.#form = new Form(form, address, (number, html) => {
      this.#root.innerHTML = html
      this.#root.querySelector<HTMLElement>('[data-thanks]')?.focus()
      this.#root.querySelector('[data-again]')?.addEventListener('click', (event) => {
        event.preventDefault()
        void this.#load()
      })
      this.dispatchEvent(new CustomEvent('cordboard-form-sent', { detail: { number }, bubbles: true }))
    })
  }
}
