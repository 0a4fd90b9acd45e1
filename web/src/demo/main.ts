// The demo shop: language, basket, and buttons that open the chat.

import { zh } from './texts'

type Locale = 'en' | 'zh-CN'

const STORED = 'cordboard:demo:locale'
const english = new Map<string, string>()

function translate(key: string, locale: Locale, set: (text: string) => void): void {
  const original = english.get(key) ?? ''
  set(locale === 'zh-CN' ? (zh[key] ?? original) : original)
}

function remember(): void {
  english.set('pageTitle', document.title)
  for (const element of document.querySelectorAll<HTMLElement>('[data-t]')) {
    english.set(element.dataset['t'] ?? '', (element.textContent ?? '').trim().replace(/\s+/g, ' '))
  }
  for (const element of document.querySelectorAll<HTMLElement>('[data-t-label]')) {
    english.set(element.dataset['tLabel'] ?? '', element.getAttribute('aria-label') ?? '')
  }
}

function speak(locale: Locale): void {
  document.documentElement.lang = locale
  document.title = locale === 'zh-CN' ? (zh['pageTitle'] ?? '') : (english.get('pageTitle') ?? '')
  for (const element of document.querySelectorAll<HTMLElement>('[data-t]')) {
    translate(element.dataset['t'] ?? '', locale, (text) => (element.textContent = text))
  }
  for (const element of document.querySelectorAll<HTMLElement>('[data-t-label]')) {
    translate(element.dataset['tLabel'] ?? '', locale, (text) => element.setAttribute('aria-label', text))
  }
  const button = document.querySelector('#language')
  if (button) {
    button.textContent = locale === 'en' ? '中文' : 'English'
    button.setAttribute('lang', locale === 'en' ? 'zh-CN' : 'en')
    button.setAttribute('aria-label', locale === 'en' ? '切换到中文' : 'Switch to English')
  }
  void customElements.whenDefined('cordboard-chat').then(() => {
    const chat = document.querySelector<HTMLElement>('cordboard-chat')
    if (chat) chat.dataset['locale'] = locale
  })
}

function storedLocale(): Locale {
  try {
    const stored = localStorage.getItem(STORED)
    if (stored === 'en' || stored === 'zh-CN') return stored
  } catch {
    // Storage is forbidden: the browser's language decides.
  }
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en'
}

function keepLocale(locale: Locale): void {
  try {
    localStorage.setItem(STORED, locale)
  } catch {
    // As above.
  }
}

function wire(): void {
  let locale = storedLocale()
  let count = 0
  remember()
  speak(locale)
  document.querySelector('#language')?.addEventListener('click', () => {
    locale = locale === 'en' ? 'zh-CN' : 'en'
    keepLocale(locale)
    speak(locale)
  })
  for (const button of document.querySelectorAll('[data-add]')) {
    button.addEventListener('click', () => {
      count += 1
      const shown = document.querySelector('#count')
      if (shown) shown.textContent = String(count)
    })
  }
  for (const button of document.querySelectorAll('[data-chat]')) {
    button.addEventListener('click', () => {
      const chat = document.querySelector('cordboard-chat') as (HTMLElement & { open?: () => void }) | null
      chat?.open?.()
    })
  }
}

wire()
