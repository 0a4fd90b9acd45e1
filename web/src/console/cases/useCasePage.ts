// A case on its own page: read, changed under its version, and what to do when somebody was faster.
import { ref, shallowRef } from 'vue'
import {
  differences, fullCase, readCase, writeCase,
  type CasePage, type Difference, type FullCase, type Values,
} from '@/shared/cases'
import { processes, type Needed } from '@/shared/approvals'
import { Problem } from '@/shared/problem'
import { useToasts } from '@/shared/toasts'

/** A change that was refused since somebody was faster: what he changed, and what was wanted here. */
export interface Stale {
  theirs: Difference[]
  mine: Values
}

export function useCasePage(take: (fresh: FullCase) => void) {
  const toasts = useToasts()
  const page = shallowRef<CasePage | null>(null)
  const busy = ref(false)
  const missing = ref(false)
  const stale = shallowRef<Stale | null>(null)
  /** What needs somebody's yes before it can be done. */
  const needed = shallowRef<Needed | null>(null)
  /** Counts what was read anew, so that lists beside the case follow. */
  const round = ref(0)
  let id = ''
  let asked = 0
  let line: Promise<unknown> = Promise.resolve()

  function put(fresh: FullCase): void {
    if (page.value) page.value = { ...page.value, case: fresh }
    take(fresh)
  }

  async function load(wanted: string): Promise<void> {
    id = wanted
    asked += 1
    const mine = asked
    try {
      const read = await readCase(wanted)
      if (mine !== asked) return
      page.value = read
      round.value += 1
      take(read.case)
    } catch (problem) {
      missing.value = problem instanceof Problem && [403, 404].includes(problem.status)
      if (!missing.value) toasts.tell(problem)
    }
  }

  const reload = (): Promise<void> => load(id)

  /** ``before`` is what the change was based on: what is shown may be newer by now. */
  function refuse(problem: unknown, mine: Values, before: FullCase): void {
    if (problem instanceof Problem && problem.slug === 'needs-approval') {
      const waiting = Array.isArray(problem.fields['approval_ids']) && problem.fields['approval_ids'].length > 0
      needed.value = { mine, processes: processes(problem.fields['processes']), waiting }
      return
    }
    const present = problem instanceof Problem ? problem.fields['case'] : undefined
    if (!(problem instanceof Problem && problem.slug === 'stale-version' && present)) {
      toasts.tell(problem)
      return
    }
    const fresh = fullCase(present)
    stale.value = { theirs: differences(before, fresh), mine: { ...stale.value?.mine, ...mine } }
    put(fresh)
  }

  /** Write a change behind those before it; says whether it was taken. What was refused stays in ``stale``. */
  function change(wanted: Values): Promise<boolean> {
    const done = line.then(() => write(wanted))
    line = done
    return done
  }

  async function write(wanted: Values): Promise<boolean> {
    const shown = page.value?.case
    if (!shown) return false
    busy.value = true
    try {
      put(await writeCase(shown.id, shown.version, wanted))
      return true
    } catch (problem) {
      refuse(problem, wanted, shown)
      return false
    } finally {
      busy.value = false
      void reload()
    }
  }

  /** Show what something else made of the case, and read what follows from it. */
  function took(fresh: FullCase): void {
    put(fresh)
    void reload()
  }

  /** Write what was wanted over what the other one changed. */
  async function insist(): Promise<void> {
    const mine = stale.value?.mine
    stale.value = null
    if (mine) await change(mine)
  }

  return { page, busy, missing, stale, needed, round, load, reload, change, insist, took }
}
