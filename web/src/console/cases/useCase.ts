// One case on the screen: its timeline, and changes with the version they were made from.
import { ref } from 'vue'
import { i18n } from '@/shared/i18n'
import * as engine from '@/shared/engine'
import { Problem } from '@/shared/problem'
import { useToasts } from '@/shared/toasts'
import type { Case, Contact, TimelineLine } from '@/shared/wire'

export function useCase(take: (fresh: Case) => void) {
  const toasts = useToasts()
  const timeline = ref<TimelineLine[]>([])
  const contact = ref<Contact | null>(null)
  const loading = ref(false)
  const busy = ref(false)
  const missing = ref(false)
  let current: Case | null = null
  let asked = 0

  async function load(id: string): Promise<void> {
    asked += 1
    const mine = asked
    loading.value = true
    try {
      const detail = await engine.caseDetail(id)
      if (mine !== asked) return
      timeline.value = detail.timeline
      contact.value = detail.contact
      current = detail.case
      take(detail.case)
    } catch (problem) {
      missing.value = problem instanceof Problem && problem.status === 404
      if (!missing.value) toasts.tell(problem)
    } finally {
      if (mine === asked) loading.value = false
    }
  }

  /** Show this case; read it anew when it is another one or has changed. */
  function follow(shown: Case | null): void {
    const known = current !== null && shown?.id === current.id && shown.version === current.version
    if (current?.id !== shown?.id) timeline.value = []
    current = shown
    if (shown && !known) void load(shown.id)
  }

  function reload(): void {
    if (current) void load(current.id)
  }

  async function change(changed: engine.CaseChange): Promise<void> {
    if (!current) return
    busy.value = true
    try {
      const fresh = await engine.changeCase(current.id, current.version, changed)
      take(fresh)
    } catch (problem) {
      if (problem instanceof Problem && problem.slug === 'stale-version') {
        toasts.show('info', i18n.global.t('case.stale'))
      } else {
        toasts.tell(problem)
      }
    } finally {
      busy.value = false
      reload()
    }
  }

  return { timeline, contact, loading, busy, missing, follow, load, reload, change }
}
