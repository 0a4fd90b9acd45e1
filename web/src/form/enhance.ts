// A form that the engine rendered, made more comfortable: faults while one writes, progress of files, no page in between.
// Everything works without it.

import { work } from './work'

type Texts = Record<string, string>

interface Answer {
  html?: string
  number?: number
  notice?: string
  faults?: Record<string, string>
  token?: string
}

const ADDRESS = /^[^@\s]{1,64}@[^@\s]{1,189}$/

export class Form {
  readonly #form: HTMLFormElement
  readonly #texts: Texts
  readonly #action: string
  readonly #sent: (number: number, html: string) => void
  #abort = new AbortController()
  #work: Promise<number> = Promise.resolve(-1)
  #busy = false

  /** `sent` is called once the engine has it, with the case's number and what thanks. */
  constructor(form: HTMLFormElement, action: string, sent: (number: number, html: string) => void) {
    this.#form = form
    this.#action = action
    this.#sent = sent
    this.#texts = JSON.parse(form.dataset['texts'] ?? '{}') as Texts
    form.noValidate = true
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      void this.#submit()
    })
    form.addEventListener('focusout', (event) => {
      if (event.target instanceof Element) this.#look(event.target, true)
    })
    form.addEventListener('input', (event) => {
      if (event.target instanceof Element && event.target.hasAttribute('aria-invalid')) this.#look(event.target, false)
    })
    this.#begin(this.#input('token').value)
    if (!this.#at('[data-notices]').hidden) this.#at('[data-notices]').focus()
  }

  /** End what runs. */
  stop(): void {
    this.#abort.abort()
  }

  #begin(token: string): void {
    this.#abort.abort()
    this.#abort = new AbortController()
    this.#input('token').value = token
    this.#work = work(token, Number(token.split('.')[3] ?? 0), this.#abort.signal)
  }

  #at(selector: string): HTMLElement {
    return this.#form.querySelector<HTMLElement>(selector)!
  }

  #input(name: string): HTMLInputElement {
    return this.#form.querySelector<HTMLInputElement>(`[name="${name}"]`)!
  }

  /** Say what is wrong with an input, as far as the browser can know. */
  #look(target: Element, aloud: boolean): boolean {
    if (!(target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement)) return true
    const field = target.closest<HTMLElement>('[data-field]')
    if (!field || target.type === 'file') return true
    const value = target.value.trim()
    let fault = ''
    if (target.required && (target.type === 'checkbox' ? !(target as HTMLInputElement).checked : !value)) fault = 'fault-required'
    else if (value && target.type === 'email' && !ADDRESS.test(value)) fault = 'fault-email'
    else if (value && target.type === 'url' && !/^https?:\/\/./i.test(value)) fault = 'fault-url'
    if (fault && !aloud) return false
    this.#say(field.dataset['field'] ?? '', this.#texts[fault] ?? '')
    return !fault
  }

  #say(key: string, fault: string): void {
    const field = this.#form.querySelector<HTMLElement>(`[data-field="${CSS.escape(key)}"]`)
    const place = field?.querySelector('[data-fault]')
    if (!field || !place) return
    place.textContent = fault
    for (const input of field.querySelectorAll('input, textarea, select')) {
      if (fault) input.setAttribute('aria-invalid', 'true')
      else input.removeAttribute('aria-invalid')
    }
  }

  async #submit(): Promise<void> {
    if (this.#busy) return
    const inputs = [...this.#form.elements].filter((one) => one.matches('input, textarea, select'))
    const wrong = inputs.filter((one) => !this.#look(one, true))
    if (wrong[0] instanceof HTMLElement) {
      wrong[0].focus()
      return
    }
    this.#set(true, this.#texts['preparing'] ?? '')
    const found = await this.#work
    this.#input('work').value = found < 0 ? '' : String(found)
    this.#set(true, this.#texts['sending'] ?? '')
    this.#send()
  }

  #send(): void {
    const request = new XMLHttpRequest()
    const progress = this.#at('[data-progress]') as HTMLProgressElement
    request.open('POST', this.#action)
    request.setRequestHeader('Accept', 'application/json')
    if ((this.#form.querySelector<HTMLInputElement>('[type="file"]')?.files?.length ?? 0) > 0) {
      request.upload.onprogress = (event) => {
        if (!event.lengthComputable) return
        progress.hidden = false
        progress.value = (event.loaded / event.total) * 100
        this.#state((this.#texts['sent'] ?? '').replace('{percent}', String(Math.floor(progress.value))))
      }
    }
    request.onload = () => this.#answered(request)
    request.onerror = () => this.#again({ notice: this.#texts['offline'] ?? '' })
    request.send(new FormData(this.#form))
  }

  #answered(request: XMLHttpRequest): void {
    let answer: Answer = {}
    try {
      answer = JSON.parse(request.responseText) as Answer
    } catch {
      // No answer of the engine's: as if there were none.
    }
    if (request.status === 201 && answer.html !== undefined) {
      this.stop()
      this.#sent(answer.number ?? 0, answer.html)
    } else if (answer.notice === undefined) {
      this.#again({ notice: this.#texts[request.status === 413 ? 'too-large' : 'offline'] ?? '' })
    } else {
      this.#again(answer)
    }
  }

  /** Show what is wrong; everything stays as it was typed, files too. */
  #again(answer: Answer): void {
    this.#set(false, '')
    const faults = answer.faults ?? {}
    for (const field of this.#form.querySelectorAll<HTMLElement>('[data-field]')) {
      const key = field.dataset['field'] ?? ''
      this.#say(key, faults[key] ?? '')
    }
    const notices = this.#at('[data-notices]')
    const lines = [answer.notice ?? '', Object.keys(faults).length ? (this.#texts['faults'] ?? '') : ''].filter(Boolean)
    notices.replaceChildren(
      ...lines.map((text) => {
        const line = document.createElement('p')
        line.textContent = text
        return line
      }),
    )
    notices.hidden = lines.length === 0
    if (answer.token !== undefined && answer.token !== this.#input('token').value) this.#begin(answer.token)
    const first = this.#form.querySelector<HTMLElement>('[aria-invalid]')
    ;(answer.notice || !first ? notices : first).focus()
  }

  #set(busy: boolean, text: string): void {
    this.#busy = busy
    this.#at('[type="submit"]').toggleAttribute('disabled', busy)
    this.#form.setAttribute('aria-busy', String(busy))
    this.#at('[data-progress]').hidden = true
    this.#state(text)
  }

  #state(text: string): void {
    this.#at('[data-state]').textContent = text
  }
}
