// Entry of widget.js: defines the element and, when the script tag names an organisation, puts it on the page once.

import { CordboardChat, TAG, origin } from './element'

const script = document.currentScript instanceof HTMLScriptElement ? document.currentScript : null

function mount(data: DOMStringMap): void {
  if (document.querySelector(TAG)) return
  const chat = document.createElement(TAG)
  for (const name of ['org', 'channel', 'locale', 'base', 'theme']) {
    const value = data[name]
    if (value !== undefined) chat.dataset[name] = value
  }
  document.body.append(chat)
}

if (script) origin.base = new URL('.', script.src).href
if (!customElements.get(TAG)) customElements.define(TAG, CordboardChat)
if (script?.dataset['org'] !== undefined) {
  const data = script.dataset
  if (document.readyState === 'loading') addEventListener('DOMContentLoaded', () => mount(data))
  else mount(data)
}
