// Where in the console we are: #/ is the desk, #/cases the list, #/cases/{id} one case.
import { computed, onBeforeUnmount, ref, type ComputedRef } from 'vue'

export interface Route {
  page: 'desk' | 'cases'
  id: string
}

export function readRoute(hash: string): Route {
  const [page = '', id = ''] = hash.replace(/^#\/?/, '').split('/')
  return page === 'cases' ? { page, id: decodeURIComponent(id) } : { page: 'desk', id: '' }
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
