// Events of a case in the agent's language.
import { useI18n } from 'vue-i18n'
import { useSession } from '@/shared/session'
import type { CaseEvent } from '@/shared/wire'
import { useCaseStatuses } from './statuses'

const KINDS = new Set([
  'opened', 'status', 'priority', 'owner', 'subject', 'comment', 'escalated', 'interaction',
])

export function useEventWords(): (event: CaseEvent) => string {
  const { t } = useI18n()
  const session = useSession()
  const { nameOf } = useCaseStatuses()

  function who(event: CaseEvent): string {
    if (event.actorId && event.actorId === session.signed?.user.id) return t('case.me')
    return event.actorName || t(event.actorId ? 'case.somebody' : 'case.engine')
  }

  function value(event: CaseEvent): string {
    const raw = event.data['to'] ?? event.data['new'] ?? event.data[event.kind]
    const text = typeof raw === 'string' || typeof raw === 'number' ? String(raw) : ''
    return event.kind === 'status' ? nameOf(text) : text
  }

  return (event) => {
    const kind = KINDS.has(event.kind) ? event.kind : 'other'
    if (kind === 'owner' && event.data['to'] === session.signed?.user.id) {
      return t('case.ownerIsMe', { who: who(event) })
    }
    return t(`case.events.${kind}`, { who: who(event), value: value(event), kind: event.kind })
  }
}
