// Entry of form.js: on the engine's own page it makes the form there more comfortable; in pages of others it defines the
// element and, when the script tag names an organisation, puts it where the script stands.

import { CordboardForm, TAG, origin } from './element'
import { Form } from './enhance'

const script = document.currentScript instanceof HTMLScriptElement ? document.currentScript : null

function enhance(): void {
  const form = document.querySelector<HTMLFormElement>('form[data-cordboard-form]')
  const body = document.querySelector('[data-body]')
  if (!form || !body) return
  new Form(form, form.action, (_, html) => {
    body.innerHTML = html
    body.querySelector<HTMLElement>('[data-thanks]')?.focus()
  })
}

function mount(data: DOMStringMap): void {
  const element = document.createElement(TAG)
  for (const name of ['org', 'channel', 'locale', 'base']) {
    const value = data[name]
    if (value !== undefined) element.dataset[name] = value
  }
  const target = data['target'] === undefined ? null : document.querySelector(data['target'])
  if (target) target.append(element)
  else script?.after(element)
}

function begin(): void {
  enhance()
  if (script?.dataset['org'] !== undefined) mount(script.dataset)
}

if (script) origin.base = new URL('.', script.src).href
if (!customElements.get(TAG)) customElements.define(TAG, CordboardForm)
if (document.readyState === 'loading') addEventListener('DOMContentLoaded', begin)
else begin()
