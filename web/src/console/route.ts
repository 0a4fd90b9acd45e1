// Where in the console we are: #/ is the desk, #/cases a list, #/cases/{id} one of it.
import { computed, onBeforeUnmount, ref, type ComputedRef } from 'vue'

const PAGES = ['desk', 'cases', 'contacts', 'accounts', 'agenda', 'search', 'approvals', 'jobs', 'automation', 'submissions', 'mails', 'imports'] as const

export type Page = (typeof PAGES)[number]

export interface Route {
  page: Page
  id: string
}

export function readRoute(hash: string): Route {
  const [name = '', id = ''] = hash.replace(/^#\/?/, '').split('/')
  const page = PAGES.find((one) => one === name) ?? 'desk'
  return { page, id: page === 'desk' ? '' : decodeURIComponent(id) }
}

export function useRoute(): ComputedRef<Route> {
  const hash = ref(location.hash)
  const read = (): void => {
    hash.value = location.hash
  }
  addEventListener('hashchange', read)
  onBeforeUnmount(() => removeEventListener('hashchange', read))
  return computed(() => readRoute(hash.value))
}
