// Columns that the list of cases may have besides number and subject.
export const COLUMNS = [
  'contact_name', 'status', 'priority', 'queue', 'owner_name', 'milestones', 'updated_at', 'opened_at', 'type', 'team', 'origin', 'topic',
] as const

/** What the list shows unless a view says otherwise. */
export const USUAL: readonly string[] = [
  'contact_name', 'status', 'priority', 'queue', 'owner_name', 'milestones', 'updated_at',
]
