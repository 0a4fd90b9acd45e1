// What rules and macros do to a case, in the agent's language; and why something was passed over.
import { useI18n } from 'vue-i18n'
import type { Deed } from '@/shared/macros'
import { list, text } from '@/shared/parse'
import { useFieldWords } from './fieldWords'
import { useCaseSetup } from './setup'

/** What the engine says when it passes an action over, and the text for it. */
const FAULTS: [RegExp, string][] = [
  [/^nobody is (.+)$/, 'deed.faults.nobody'],
  [/^there is no queue (.+)$/, 'deed.faults.queue'],
  [/^(.+) cannot become (.+)$/, 'deed.faults.status'],
  [/^the case is a part itself$/, 'deed.faults.part'],
  [/^its condition does not hold$/, 'deed.faults.condition'],
  [/^the case has an owner$/, 'deed.faults.owned'],
  [/^it has begun (.+) times already$/, 'deed.faults.times'],
]

export function useDeedWords() {
  const { t, te } = useI18n()
  const { fieldName, valueWords } = useFieldWords()
  const { nameOf } = useCaseSetup()

  function who(one: string): string {
    const key = `deed.who.${one.replace('role:', 'role_')}`
    return te(key) ? t(key) : one
  }

  function saidOf({ data }: Deed): Record<string, string> {
    const sections = { ...(data['fields'] as object), ...(data['skills'] as object) }
    const set = Object.entries(sections).map(([key, value]) =>
      data['fields'] ? `${fieldName('fields.' + key)}: ${valueWords('fields.' + key, value)}` : `${key} ${text(value)}`,
    )
    return {
      points: text(data['points']),
      queue: valueWords('queue', data['queue']),
      status: valueWords('status', data['status']),
      who: [text(data['who']), ...list(data['to']).map(text)].filter(Boolean).map(who).join(', '),
      fields: set.join(', '),
      subject: text(data['subject']),
      tags: list(data['tags']).map(text).join(', '),
      type: valueWords('type', data['type']),
      team: valueWords('team', data['team']),
      approval: text(data['process']),
      ladder: nameOf('escalations', text(data['rule_set'])),
    }
  }

  /** Say what an action does: "Set the status to Waiting". */
  function words(one: Deed): string {
    const kind = one.kind === 'assign' && one.data['queue'] ? 'assign_queue' : one.kind
    const key = `deed.kinds.${kind}`
    return te(key) ? t(key, saidOf(one)) : one.kind
  }

  /** Say why an action is passed over. */
  function fault(one: Deed): string {
    for (const [form, key] of FAULTS) {
      const [, first = '', second = ''] = form.exec(one.fault) ?? []
      if (!form.test(one.fault)) continue
      if (key === 'deed.faults.status') return t(key, { from: valueWords('status', first), to: valueWords('status', second) })
      return t(key, { who: first.split(', ').map(who).join(', '), queue: first, times: first })
    }
    return one.fault
  }

  return { words, fault }
}
