// Light, dark, or as the system says. The choice is an attribute that tokens.css reads.
import { ref } from 'vue'
import { remember, remembered } from './memory'

export const THEMES = ['system', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

const KEPT_AS = 'cordboard.theme'

export const theme = ref<Theme>('system')

export function showTheme(chosen: Theme): void {
  theme.value = chosen
  if (chosen === 'system') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = chosen
  remember(KEPT_AS, chosen === 'system' ? '' : chosen)
}

export function restoreTheme(): void {
  const kept = remembered(KEPT_AS)
  showTheme(THEMES.find((one) => one === kept) ?? 'system')
}

export function nextTheme(): void {
  const at = THEMES.indexOf(theme.value)
  showTheme(THEMES[(at + 1) % THEMES.length] ?? 'system')
}
