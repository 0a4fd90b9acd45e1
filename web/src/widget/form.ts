// The form before a chat, and the one that leaves a message when nobody is there.

import type { ChatState } from './client'
import { el, put, write } from './dom'
import type { Instead } from './protocol'
import type { TextKey } from './texts'
import { errorText } from './texts'
import type { Context, View } from './view'

type Field = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement
type FieldName = 'name' | 'email' | 'phone' | 'topic' | 'body'

const LEADS: Record<Instead, TextKey> = { message: 'offlineText', callback: 'callbackText', later: 'laterText' }
const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/

export class FormView implements View {
  readonly element: HTMLElement
  readonly #fields = new Map<FieldName, Field>()
  readonly #complaints = new Map<FieldName, HTMLElement>()
  readonly #topicRow: HTMLElement
  readonly #phoneRow: HTMLElement
  readonly #rows: HTMLElement
  readonly #title = el('h3')
  readonly #lead = el('p', { class: 'lead' })
  readonly #trouble = el('p', { class: 'error', role: 'alert' })
  readonly #submit: HTMLButtonElement
  #topics = ''
  readonly #context: Context
  readonly #leaving: boolean

  constructor(
    context: Context,
    leaving: boolean,
  ) {
    this.#context = context
    this.#leaving = leaving
    const topic = el('select', { 'data-test': 'topic' })
    this.#topicRow = this.#row('topic', 'topic', topic, true)
    this.#submit = el('button', { class: 'primary', type: 'submit', 'data-test': 'start' })
    this.#phoneRow = this.#row('phone', 'phone', el('input', {
      type: 'tel', autocomplete: 'tel', maxlength: 40, 'data-test': 'phone',
    }))
    this.#rows = el('div', { class: 'rows' },
      this.#row('name', 'name', el('input', { autocomplete: 'name', maxlength: 80, 'data-test': 'name' })),
      this.#row('email', 'email', el('input', {
        type: 'email', autocomplete: 'email', maxlength: 200, inputmode: 'email', 'data-test': 'email',
      }), !leaving),
      this.#phoneRow,
      this.#topicRow,
      this.#row('body', leaving ? 'message' : 'firstMessage', el('textarea', {
        rows: leaving ? 4 : 3, 'data-test': 'first-message',
      }), !leaving),
    )
    const form = el(
      'form',
      { novalidate: true, 'data-test': leaving ? 'offline-form' : 'chat-form' },
      this.#title,
      this.#lead,
      this.#rows,
      this.#trouble,
      this.#submit,
    )
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      this.#send()
    })
    this.element = form
  }

  render(state: ChatState): void {
    const { say } = this.#context
    const title: TextKey = state.offlineReason === 'closed' ? 'closedTitle' : 'unstaffedTitle'
    write(this.#title, this.#leaving ? say(title) : '')
    this.#title.hidden = !this.#leaving
    const later = this.#leaving && state.instead === 'later'
    this.#rows.hidden = this.#submit.hidden = later
    this.#phoneRow.hidden = !this.#calling(state)
    write(this.#lead, this.#leaving ? state.note || say(LEADS[state.instead]) : (state.info?.greeting ?? ''))
    this.#lead.hidden = this.#lead.textContent === ''
    this.#offer(state)
    write(this.#trouble, state.error === '' ? '' : errorText(say, state.error))
    this.#trouble.hidden = state.error === ''
    this.#submit.disabled = state.busy
    write(this.#submit, this.#caption(state.busy))
  }

  #calling(state: ChatState): boolean {
    return this.#leaving && state.instead === 'callback'
  }

  focus(): void {
    const empty = [...this.#fields.values()].find((field) => field.value === '')
    ;(empty ?? this.#submit).focus()
  }

  #caption(busy: boolean): string {
    const { say } = this.#context
    if (this.#leaving) return say(busy ? 'leaving' : 'leave')
    return say(busy ? 'starting' : 'start')
  }

  #row(name: FieldName, label: TextKey, field: Field, optional = false): HTMLElement {
    const { say, typed } = this.#context
    const complaint = el('p', { class: 'error', id: `${name}-error` })
    complaint.hidden = true
    field.value = typed[name]
    field.name = name
    field.addEventListener('input', () => {
      typed[name] = field.value
      this.#complain(name, null)
    })
    this.#fields.set(name, field)
    this.#complaints.set(name, complaint)
    const caption = el('label', {}, say(label), ...(optional ? [el('span', {}, ` (${say('optional')})`)] : []), field)
    return el('div', {}, caption, complaint)
  }

  #offer(state: ChatState): void {
    const topics = state.info?.topics ?? []
    const wanted = JSON.stringify(topics)
    if (wanted === this.#topics) return
    this.#topics = wanted
    const field = this.#fields.get('topic')
    field?.replaceChildren(
      el('option', { value: '' }, this.#context.say('chooseTopic')),
      ...topics.map((topic) => el('option', { value: topic.key }, topic.name)),
    )
    if (field) field.value = this.#context.typed.topic
    this.#topicRow.hidden = topics.length === 0
  }

  #complain(name: FieldName, key: TextKey | null): void {
    const complaint = this.#complaints.get(name)
    const field = this.#fields.get(name)
    if (!complaint || !field) return
    complaint.hidden = key === null
    write(complaint, key === null ? '' : this.#context.say(key))
    put(field, 'aria-invalid', key === null ? null : 'true')
    put(field, 'aria-describedby', key === null ? null : complaint.id)
  }

  #problem(name: FieldName, limit: number): TextKey | null {
    const value = this.#context.typed[name].trim()
    const calling = this.#calling(this.#context.client.state)
    if (name === 'topic' || (name === 'phone' && !calling)) return null
    if (name === 'email' && calling && value === '') return null
    // Who leaves a message is answered by e-mail; who chats is here.
    if (value === '') return name === 'name' || this.#leaving ? 'required' : null
    if (name === 'email' && !EMAIL.test(value)) return 'badEmail'
    return name === 'body' && new TextEncoder().encode(value).length > limit ? 'tooLong' : null
  }

  #send(): void {
    const { client, typed } = this.#context
    let first: Field | undefined
    for (const [name, field] of this.#fields) {
      typed[name] = field.value
      const problem = this.#problem(name, client.state.limit)
      this.#complain(name, problem)
      if (problem !== null) first ??= field
    }
    if (first) return first.focus()
    const calling = this.#calling(client.state) ? { phone: typed.phone.trim() } : {}
    const form = { name: typed.name.trim(), email: typed.email.trim(), topic: typed.topic, ...calling }
    const body = typed.body.trim()
    if (this.#leaving) client.leave(form, body)
    else client.open(form, body)
  }
}
