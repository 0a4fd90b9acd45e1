// Events of a case in the agent's language: who did what, from what to what, and why.
import { useI18n } from 'vue-i18n'
import { deed } from '@/shared/macros'
import { list, record } from '@/shared/parse'
import { useSession } from '@/shared/session'
import { dayAndTime } from '@/shared/times'
import type { CaseEvent } from '@/shared/wire'
import { useDeedWords } from './deedWords'
import { useFieldWords } from './fieldWords'
import { useCaseSetup } from './setup'
import { useSpans } from './spans'

/** Kinds with words of their own, and which of an event's data these words take. */
const SAID: Record<string, string[]> = {
  opened: [], imported: [], comment: [], interaction: [], subject: [], description: [], merged: [], unmerged: [], merged_into: [],
  entitlement_id: [],
  attached: ['name'], detached: ['name'], lead: ['subject'], event: ['name'], macro: ['name'],
  routed: ['queue'], assigned: ['rule'],
  escalated: ['name', 'step'], escalation_begun: ['name'], escalation_stopped: ['name'], automation: ['name'], automation_held: ['name'],
  approval_asked: ['name'], approval_answered: ['name', 'answer'], approval_ended: ['name', 'state'],
  milestone_started: ['milestone'], milestone_met: ['milestone'], milestone_missed: ['milestone'],
  milestone_paused: ['milestone'], milestone_resumed: ['milestone'],
  milestone_cancelled: ['milestone'], milestone_retargeted: ['milestone'],
}
const FIELDS = new Set([
  'status', 'priority', 'owner', 'queue', 'type', 'team', 'topic', 'tags', 'fields', 'contact_id', 'account_id',
  'parent_id', 'routed', 'rating', 'entitled', 'plan', 'skills',
])

const words = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : ''

export interface EventWords {
  /** What happened, in one sentence. */
  title: (event: CaseEvent) => string
  /** Why, and what followed; may be empty. */
  more: (event: CaseEvent) => string[]
}

export function useEventWords(): EventWords {
  const { t, te, locale } = useI18n()
  const session = useSession()
  const { fieldName, valueWords } = useFieldWords()
  const { nameOf } = useCaseSetup()
  const span = useSpans()
  const deeds = useDeedWords()

  function who(event: CaseEvent): string {
    if (event.actorId && event.actorId === session.signed?.user.id) return t('case.me')
    return event.actorName || t(event.actorId ? 'case.somebody' : 'case.engine')
  }

  function value(name: string, raw: string): string {
    if (name === 'step' && /^\d+$/.test(raw)) return t('case.ladders.step', { step: raw })
    if (name === 'answer' && te(`approval.turns.${raw}`)) return t(`approval.turns.${raw}`)
    if (name === 'state' && te(`approval.states.${raw}`)) return t(`approval.states.${raw}`)
    if (name === 'milestone') return nameOf('milestones', raw)
    return name === 'queue' ? nameOf('queues', raw) : raw
  }

  function changed(event: CaseEvent): string {
    const own = words(event.data['field'])
    const field = event.kind === 'fields' && own ? 'fields.' + own : event.kind
    const from = event.data['from'] ?? ''
    const before = from === '' || from === 0 ? '' : valueWords(field, from)
    const about = { who: who(event), field: fieldName(field), from: before, to: valueWords(field, event.data['to']) }
    if (event.kind === 'owner' && event.data['to'] === session.signed?.user.id) {
      return t('case.ownerIsMe', { who: about.who })
    }
    return t(before ? 'case.events.changed' : 'case.events.set', about)
  }

  function machineMail(data: Record<string, unknown>): string {
    const nature = words(data['nature'])
    const key = te(`mail.natures.${nature}`) ? nature : 'other'
    return t(`mail.natures.${key}`, { who: words(data['from']), subject: words(data['subject']) || t('mail.noSubject') })
  }

  function title(event: CaseEvent): string {
    const isField = FIELDS.has(event.kind) && !event.data['item_id']
    if (event.kind === 'routed' && isField) {
      return t(event.data['to'] ? 'case.events.routing' : 'case.events.unrouted', { who: who(event) })
    }
    if (isField) return changed(event)
    const said = SAID[event.kind]
    if (event.kind === 'linked' || event.kind === 'unlinked') {
      const noun = t(`case.links.${words(event.data['kind']) || 'case'}`)
      return t(event.kind === 'linked' ? 'case.events.linked' : 'case.events.unlinked', { who: who(event), noun })
    }
    if (event.kind === 'assigned' && !event.data['rule']) return t('case.events.unassigned', { who: who(event) })
    if (event.kind === 'escalated' && event.data['item_id']) {
      return t('case.events.waited', { queue: value('queue', words(event.data['queue'])), priority: words(event.data['to']) })
    }
    if (event.kind === 'mail') return machineMail(event.data)
    if (!said) return t('case.events.other', { who: who(event), kind: event.kind })
    const values = Object.fromEntries(said.map((name) => [name, value(name, words(event.data[name]))]))
    const rules = words(event.data['rule_set'])
    if (rules && nameOf('escalations', rules) !== rules) values['name'] = nameOf('escalations', rules)
    const dry = event.kind === 'automation' && event.data['dry_run'] ? 'automation_dry' : event.kind
    return t(`case.events.${dry}`, { who: who(event), ...values })
  }

  function reason(one: unknown): string {
    const test = one as Record<string, unknown>
    const field = words(test['field'])
    const list = (raw: unknown): string => (raw === '' || raw === null ? '' : valueWords(field.replace(/^was\./, ''), raw))
    const operator = words(test['operator'])
    const about = { field: fieldName(field), value: list(test['value']), seen: list(test['seen']) }
    const key = operator === 'set' ? (test['value'] ? 'case.operators.set' : 'case.operators.unset') : `case.operators.${operator}`
    const said = te(key) ? t(key, about) : `${about.field} ${operator} ${about.value}`
    return operator === 'equal' || !about.seen ? said : t('case.why.seen', { said, seen: about.seen })
  }

  function because(why: string): string {
    if (te(`case.because.${why}`)) return t(`case.because.${why}`)
    const [, kind = '', rule = ''] = /^(assignment|escalation|macro|automation): (.*)$/.exec(why) ?? []
    return rule ? t(`case.by.${kind}`, { rule }) : t('case.why.said', { why })
  }

  /** Which rule or macro began a ladder: "the rule “Spoilt”" is told by its name. */
  const cause = (said: string): string => said.replace(/^(macro|automation): /, '')

  function trigger(data: Record<string, unknown>): string[] {
    const kind = words(data['trigger'])
    if (!kind || !te(`case.why.${kind}`)) return []
    const rule = words(data['milestone'])
    return [t(`case.why.${kind}`, {
      milestone: rule ? nameOf('milestones', rule) : '',
      cause: cause(words(data['cause'])),
      word: words(data['word']) || words(data['keyword']) || words(data['found']),
    })]
  }

  /** What a rule heard of: "When the customer wrote". */
  function occasion(data: Record<string, unknown>): string[] {
    const heard = (data['occasion'] ?? {}) as Record<string, unknown>
    const kind = words(heard['kind'])
    if (!te(`case.why.on.${kind}`)) return []
    const raw = words(heard['name'])
    const named: Record<string, string> = {
      changed: fieldName(raw), milestone_met: nameOf('milestones', raw), milestone_missed: nameOf('milestones', raw),
      escalated: nameOf('escalations', raw),
    }
    return [t(`case.why.on.${kind}`, { name: named[kind] ?? raw })]
  }

  function actions(data: Record<string, unknown>): string[] {
    const done = Array.isArray(data['actions']) ? data['actions'].map(deed) : []
    return done.map((one) => (one.fault ? t('deed.passedOver', { deed: deeds.words(one), why: deeds.fault(one) }) : deeds.words(one)))
  }

  function undelivered(data: Record<string, unknown>): string[] {
    if (data['nature'] !== 'bounce') return []
    const failed = list(data['failed']).map(record).filter((one) => one['action'] === 'failed')
    return failed.map((one) => [t('mail.undelivered', { email: words(one['email']) }), words(one['said'])].filter(Boolean).join(': '))
  }

  function more(event: CaseEvent): string[] {
    const { data } = event
    const lines: string[] = []
    const why = words(data['why'])
    if (why) lines.push(because(why))
    for (const said of [words(data['reason']), words(data['note'])]) {
      if (said && event.kind.startsWith('approval_')) lines.push(`“${said}”`)
    }
    if (event.kind === 'mail') lines.push(...undelivered(data))
    lines.push(...trigger(data))
    lines.push(...occasion(data))
    if (Array.isArray(data['because'])) lines.push(...data['because'].map(reason))
    lines.push(...actions(data))
    if (event.kind === 'automation_held') lines.push(t(`case.why.held.${words(data['reason'])}`))
    if (event.kind === 'escalation_stopped') lines.push(t('case.why.stopped', { reason: words(data['reason']) }))
    const due = Number(data['due_ms'] ?? 0)
    if (due && event.kind.startsWith('milestone_') && !['milestone_met', 'milestone_missed'].includes(event.kind)) {
      lines.push(t('case.milestones.due', { when: dayAndTime(due, locale.value) }))
    }
    if (event.kind === 'milestone_met') lines.push(t('case.why.used', { span: span(Number(data['used_ms'] ?? 0)) }))
    return lines
  }

  return { title, more }
}
