// The list of cases with its filters; kept while somebody is signed in, so that it is found as it was left.
import { ref, shallowRef } from 'vue'
import { EVERYTHING, type CaseQuery } from '@/shared/caseFilter'
import { listCases, type FullCase } from '@/shared/cases'
import { useSession } from '@/shared/session'
import { USUAL } from '../views/columns'
import { problemWords } from '@/shared/toasts'

const filter = ref<CaseQuery>({ ...EVERYTHING })
const cases = shallowRef<FullCase[] | null>(null)
const failed = ref('')
const more = ref(false)
const loading = ref(false)
let whose = ''
let asked = 0
let place = 0
let after = ''
/** The view that was chosen last; empty: none. */
const viewId = ref('')
const columns = ref<readonly string[]>(USUAL)

async function load(): Promise<void> {
  asked += 1
  const mine = asked
  loading.value = true
  try {
    const found = await listCases(filter.value)
    if (mine !== asked) return
    ;[cases.value, failed.value, after] = [found.cases, '', found.next]
    more.value = after !== ''
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
    const found = await listCases(filter.value, after)
    if (mine !== asked) return
    const known = new Set(shown.map((one) => one.id))
    cases.value = [...shown, ...found.cases.filter((one) => !known.has(one.id))]
    after = found.next
    more.value = after !== ''
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
    filter.value = { ...EVERYTHING }
    ;[cases.value, place, viewId.value] = [null, 0, '']
    columns.value = USUAL
  }
  return {
    filter, viewId, columns, cases, failed, more, loading, load, next, replace,
    reset: () => {
      filter.value = { ...EVERYTHING, order: filter.value.order }
      viewId.value = ''
    },
    place: () => place,
    stay: (top: number) => (place = top),
  }
}
