// Columns that the list of cases may have besides number and subject, and what each is called.
import { useI18n } from 'vue-i18n'
import { useFieldWords } from '../cases/fieldWords'

export const COLUMNS = [
  'contact_name', 'status', 'priority', 'queue', 'owner_name', 'milestones', 'updated_at', 'opened_at', 'type', 'team', 'origin', 'topic',
] as const

/** What the list shows unless a view says otherwise. */
export const USUAL: readonly string[] = [
  'contact_name', 'status', 'priority', 'queue', 'owner_name', 'milestones', 'updated_at',
]

const WORDS: Record<string, string> = {
  contact_name: 'case.facts.contact', owner_name: 'case.owner', milestones: 'case.nextDue', updated_at: 'case.updated', opened_at: 'case.opened',
}

/** Return what a column is called. */
export function useColumnWords(): (column: string) => string {
  const { t } = useI18n()
  const { fieldName } = useFieldWords()
  return (column) => (WORDS[column] ? t(WORDS[column]) : fieldName(column))
}
