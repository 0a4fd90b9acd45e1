// The list of cases with its filters; kept while somebody is signed in, so that it is found as it was left.
import { ref, shallowRef } from 'vue'
import { findCases, PAGE, type CaseQuery, type FullCase } from '@/shared/cases'
import { useSession } from '@/shared/session'
import { problemWords } from '@/shared/toasts'

const EMPTY: CaseQuery = {
  text: '', status: '', kind: '', queue: '', owner: '', type: '', tag: '', order: 'newest',
}
const filter = ref<CaseQuery>({ ...EMPTY })
const cases = shallowRef<FullCase[] | null>(null)
const failed = ref('')
const more = ref(false)
const loading = ref(false)
let whose = ''
let asked = 0
let place = 0

async function load(): Promise<void> {
  asked += 1
  const mine = asked
  loading.value = true
  try {
    const found = await findCases(filter.value)
    if (mine !== asked) return
    ;[cases.value, failed.value, more.value] = [found, '', found.length === PAGE]
  } catch (problem) {
    if (mine === asked) failed.value = problemWords(problem).title
  } finally {
    if (mine === asked) loading.value = false
  }
}

/** Read the page after the last case shown. */
async function next(): Promise<void> {
  const shown = cases.value ?? []
  if (loading.value || !more.value || shown.length === 0) return
  const mine = asked
  loading.value = true
  try {
    const found = await findCases(filter.value, shown.at(-1))
    if (mine !== asked) return
    const known = new Set(shown.map((one) => one.id))
    cases.value = [...shown, ...found.filter((one) => !known.has(one.id))]
    more.value = found.length === PAGE
  } catch {
    more.value = false // scrolling on asks no further; a new question does
  } finally {
    if (mine === asked) loading.value = false
  }
}

/** Show a case as it is now, where it stands in the list. */
function replace(fresh: FullCase): void {
  cases.value = cases.value?.map((one) =>
    one.id === fresh.id && one.version <= fresh.version ? fresh : one,
  ) ?? null
}

export function useCaseList() {
  const me = useSession().signed?.user.id ?? ''
  if (whose !== me) {
    whose = me
    filter.value = { ...EMPTY }
    ;[cases.value, place] = [null, 0]
  }
  return {
    filter, cases, failed, more, loading, load, next, replace,
    reset: () => (filter.value = { ...EMPTY, order: filter.value.order }),
    place: () => place,
    stay: (top: number) => (place = top),
  }
}
