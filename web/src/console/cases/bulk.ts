// What is filled in for many cases, and how it is asked for (pure).
import type { Values } from '@/shared/cases'

/** Return what a field begins with when it is added to the form. */
export function startOf(field: string, first: string | undefined): unknown {
  if (field === 'tags') return []
  if (field === 'routed') return true
  if (field === 'priority') return 0
  return field.startsWith('fields.') ? null : (first ?? '')
}

/** Write the rows of the form as changes; the organisation's own fields stand together. */
export function bulkChanges(rows: readonly { field: string; value: unknown }[]): Values {
  const changes: Values = {}
  const own: Values = {}
  for (const { field, value } of rows) {
    if (field.startsWith('fields.')) own[field.slice(7)] = value
    else changes[field] = field === 'priority' ? Math.round(Number(value)) : value
  }
  return Object.keys(own).length ? { ...changes, fields: own } : changes
}
