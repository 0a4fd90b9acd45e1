import { createI18n } from 'vue-i18n'
import en from '@/locales/en.json'
import zhCN from '@/locales/zh-CN.json'
import { remembered, remember } from './memory'
import type { Named } from './wire'

export const LOCALES = [
  { key: 'en', name: 'English' },
  { key: 'zh-CN', name: '简体中文' },
] as const
export type Locale = (typeof LOCALES)[number]['key']

const KEPT_AS = 'cordboard.locale'

/** Find the language to show: the one chosen here before, else the first preferred one we have. */
export function pickLocale(preferred: readonly string[]): Locale {
  for (const tag of [remembered(KEPT_AS), ...preferred]) {
    const primary = tag.split('-')[0]?.toLowerCase()
    const match = LOCALES.find((locale) => locale.key.split('-')[0] === primary)
    if (match) return match.key
  }
  return 'en'
}

export const i18n = createI18n({
  legacy: false,
  locale: pickLocale(navigator.languages),
  fallbackLocale: 'en',
  messages: { en, 'zh-CN': zhCN },
})

/** Switch the page's language; remembered only when the user asked for it. */
export function showLocale(locale: Locale, chosen = true): void {
  i18n.global.locale.value = locale
  document.documentElement.lang = locale
  if (chosen) remember(KEPT_AS, locale)
}

/** Give something configured the name it has in the page's language, if it has one. */
export function inLanguage<T extends Named>(one: T): T {
  const name = one.names?.[i18n.global.locale.value]
  return name ? { ...one, name } : one
}

/**
 * Take up the signed-in user's language unless another was chosen in this browser. English is what
 * users have who were never asked, so it does not overrule the browser's preference.
 */
export function adoptLocale(tag: string): void {
  if (tag && tag !== 'en') showLocale(pickLocale([tag]), false)
}
