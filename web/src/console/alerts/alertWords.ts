// What an alert says, and where it leads.
import { i18n } from '@/shared/i18n'
import { text } from '@/shared/parse'
import type { Alert } from '@/shared/wire'

/** Where to go for it; empty: nowhere. */
export function addressOf(alert: Alert): string {
  if (alert.kind === 'approval-asked' || alert.kind === 'approval-reminded') return '#/approvals'
  const caseId = text(alert.data['case_id'])
  if (caseId) return `#/cases/${encodeURIComponent(caseId)}`
  return alert.kind === 'reminder' ? '#/agenda' : ''
}

/** Say it: a title, and what more there is to say. */
export function alertWords(alert: Alert, queueName: (key: string) => string): { title: string; more: string } {
  const { t, te } = i18n.global
  const data = (name: string): string => text(alert.data[name])
  const about = {
    kind: alert.kind, name: data('name'), number: data('number'), subject: data('subject'),
    queue: data('queue') ? queueName(data('queue')) : '', by: data('by'), state: te(`approval.states.${data('state')}`) ? t(`approval.states.${data('state')}`) : data('state'), fault: data('detail') || data('fault') || data('reason'), url: data('url'),
    mailbox: data('mailbox'), channel: data('channel'), folder: data('folder'),
  }
  const more = data('text') === about.subject ? '' : data('text')
  if (alert.kind === 'escalation') return { title: t(about.queue ? 'alert.escalation' : 'alert.escalationSomewhere', about), more }
  const key = `alert.kinds.${alert.kind}`
  return { title: te(key) ? t(key, about) : t('alert.other', about), more: more || about.fault }
}
