// What both pages do before they show anything.
import { createPinia } from 'pinia'
import { createApp, type Component } from 'vue'
import { startClock } from './clock'
import { i18n } from './i18n'
import { restoreTheme } from './theme'
import './base.css'

export function boot(page: Component): void {
  restoreTheme()
  document.documentElement.lang = i18n.global.locale.value
  startClock()
  createApp(page).use(createPinia()).use(i18n).mount('#app')
}
