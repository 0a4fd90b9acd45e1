// Macros: what a case may have done to it at one stroke, and what that would do.
import { processes, type Process } from './approvals'
import { fullCase, type FullCase, type Values } from './cases'
import { requester } from './engine'
import { list, record, text } from './parse'

/** One thing a macro does; its `fault` says why it would be passed over. */
export interface Deed {
  kind: string
  fault: string
  data: Values
}

export interface MacroOffer {
  key: string
  name: string
  deeds: Deed[]
  changes: { field: string; from: unknown; to: unknown }[]
  /** Why all of it would be refused; empty: it would not. */
  refusal: string
  /** Whose yes it needs, where it is refused for that; asked for already: ``asked``. */
  needs: Process[]
  asked: boolean
}

export function deed(value: unknown): Deed {
  const { action, fault, ...data } = record(value)
  return { kind: text(action), fault: text(fault), data }
}

/** Read a change; of a field with parts (the organisation's own fields) only the parts that differ are told. */
function changes(value: unknown): MacroOffer['changes'] {
  const raw = record(value)
  const field = text(raw['field'])
  if (field !== 'fields') return [{ field, from: raw['from'], to: raw['to'] }]
  const [before, after] = [record(raw['from']), record(raw['to'])]
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  return keys
    .filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]))
    .map((key) => ({ field: 'fields.' + key, from: before[key] ?? null, to: after[key] ?? null }))
}

export function macroOffer(value: unknown): MacroOffer {
  const raw = record(value)
  return {
    key: text(raw['key']),
    name: text(raw['name']) || text(raw['key']),
    deeds: list(raw['actions']).map(deed),
    changes: list(raw['changes']).flatMap(changes),
    refusal: text(raw['refusal']),
    needs: processes(raw['needs']),
    asked: raw['asked'] === true,
  }
}

const at = (id: string): string => `/cases/${encodeURIComponent(id)}/macros`

/** Read which macros fit the case, named in `locale`, and what each would do now. */
export async function offeredMacros(caseId: string, locale: string): Promise<MacroOffer[]> {
  const query = new URLSearchParams({ locale })
  return list(await requester.get(`${at(caseId)}?${query}`)).map(macroOffer)
}

/** Do a macro, once by `clientId`; the case as it is then, and what was passed over. */
export async function runMacro(
  one: { caseId: string; version: number }, key: string, clientId: string,
): Promise<{ case: FullCase; passedOver: Deed[] }> {
  const body = { client_id: clientId, version: one.version }
  const raw = record(await requester.post(`${at(one.caseId)}/${encodeURIComponent(key)}`, body))
  const done = list(raw['actions']).map(deed)
  return { case: fullCase(raw['case']), passedOver: done.filter((each) => each.fault) }
}

/** Return those whose name or key contains every word that was typed. */
export function matching<T extends { key: string; name: string }>(all: readonly T[], typed: string): T[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean)
  return all.filter((one) => {
    const where = `${one.key} ${one.name}`.toLowerCase()
    return words.every((word) => where.includes(word))
  })
}
