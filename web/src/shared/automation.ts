// Automation rules: what they did, and what they would do to a case.
import type { Values } from './cases'
import { requester } from './engine'
import { deed, type Deed } from './macros'
import { count, list, moment, record, text } from './parse'

export const OCCASIONS = ['opened', 'message', 'reply', 'accepted', 'ended', 'resolved', 'closed', 'reopened', 'merged'] as const
export type Occasion = (typeof OCCASIONS)[number]

export interface Tally {
  today: number
  week: number
  lastAt: number
}

export interface Rule {
  key: string
  name: string
  enabled: string
  occasions: string[]
  fired: Tally
  wouldFire: Tally
  held: Tally
  fault: { caseId: string; words: string } | null
}

/** What became of a rule when it was asked. */
export interface Asked {
  key: string
  name: string
  outcome: string
  deeds: Deed[]
}

function tally(value: unknown): Tally {
  const raw = record(value)
  return { today: count(raw['today']), week: count(raw['week']), lastAt: moment(raw['last_at']) }
}

export function rule(value: unknown): Rule {
  const raw = record(value)
  const fault = record(raw['last_fault'])
  return {
    key: text(raw['key']),
    name: text(raw['name']) || text(raw['key']),
    enabled: text(raw['enabled']),
    occasions: list(raw['on']).map((one) => text(record(one)['occasion'])),
    fired: tally(raw['fired']),
    wouldFire: tally(raw['would_fire']),
    held: tally(raw['held']),
    fault: fault['case_id'] ? { caseId: text(fault['case_id']), words: list(fault['faults']).map(text).join(', ') } : null,
  }
}

export async function readRules(locale: string): Promise<Rule[]> {
  return list(await requester.get(`/automation?${new URLSearchParams({ locale })}`)).map(rule)
}

/** Ask what the rules would do if this happened to the case now; nothing is written. */
export async function tryRules(caseId: string, occasion: Occasion): Promise<{ asked: Asked[]; changes: Values[] }> {
  const raw = record(await requester.post('/automation/try', { case_id: caseId, occasion }))
  const asked = list(raw['turns']).map((value) => {
    const one = record(value)
    return { key: text(one['key']), name: text(one['name']), outcome: text(one['outcome']), deeds: list(one['actions']).map(deed) }
  })
  return { asked, changes: list(raw['changes']).map(record) }
}
