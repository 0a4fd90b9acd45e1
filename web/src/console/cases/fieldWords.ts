// Fields of cases and their values in the agent's language.
import { useI18n } from 'vue-i18n'
import { useSession } from '@/shared/session'
import { useCaseSetup } from './setup'
import { useCaseStatuses } from './statuses'

/** Fields as the page, the API's requests and the history call them → as the texts call them. */
const NAMES: Record<string, string> = {
  ownerId: 'owner', owner_id: 'owner', contactId: 'contact', contact_id: 'contact',
  status_kind: 'status', accountId: 'account', account_id: 'account', parentId: 'parent', parent_id: 'parent',
}
const KNOWN = new Set([
  'subject', 'status', 'priority', 'type', 'queue', 'owner', 'team', 'tags', 'description', 'topic',
  'contact', 'account', 'parent', 'routed', 'rating', 'fields', 'entitled', 'plan', 'reopened', 'skills', 'origin',
  'contact_owner', 'entitlement', 'tier',
])
const LISTS = { type: 'types', queue: 'queues', team: 'teams', plan: 'plans' } as const

export function useFieldWords() {
  const { t } = useI18n()
  const session = useSession()
  const { nameOf, fields, people } = useCaseSetup()
  const statuses = useCaseStatuses()

  function fieldName(field: string): string {
    if (field.startsWith('was.')) return t('case.why.before', { field: fieldName(field.slice(4)) })
    const own = field.startsWith('fields.') ? field.slice(7) : ''
    if (own) return fields.value.find((one) => one.key === own)?.name ?? own
    const name = NAMES[field] ?? field
    return KNOWN.has(name) ? t(`case.facts.${name}`) : field
  }

  function personWords(id: string): string {
    if (id === session.signed?.user.id || id === 'me') return t('case.mine')
    if (id === 'nobody') return t('case.nobody')
    if (id === 'my_team') return t('case.myTeam')
    return people.value.find((one) => one.id === id)?.name ?? t('case.somebody')
  }

  function keyWords(field: string, value: string): string {
    const name = NAMES[field] ?? field
    if (name === 'status') return statuses.nameOf(value)
    if (name === 'owner' || name === 'contact_owner') return personWords(value)
    if (name === 'entitlement') return t(`case.entitlement.${value}`)
    if (name === 'entitled') return t(`case.entitled.${value}`)
    if (name in LISTS) return nameOf(LISTS[name as keyof typeof LISTS], value)
    const choices = fields.value.find((one) => 'fields.' + one.key === field)?.choices
    return choices?.find((one) => one.key === value)?.name ?? value
  }

  function valueWords(field: string, value: unknown): string {
    if (value === null || value === undefined || value === '') return t('case.empty')
    if (typeof value === 'boolean') return t(value ? 'case.yes' : 'case.no')
    if (typeof value === 'number') return String(value)
    if (typeof value === 'string') return keyWords(field, value)
    if (Array.isArray(value)) {
      return value.map((one) => valueWords(field, one)).join(', ') || t('case.empty')
    }
    return Object.entries(value)
      .map(([key, one]) => `${fieldName(`${field}.${key}`)}: ${valueWords(`${field}.${key}`, one)}`)
      .join(', ') || t('case.empty')
  }

  return { fieldName, valueWords, personWords }
}
