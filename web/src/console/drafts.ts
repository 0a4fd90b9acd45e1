// What is being written to each conversation, kept while the agent looks at another, or reloads.
import { remember, remembered } from '@/shared/memory'
import { record } from '@/shared/parse'

export interface DraftText {
  body: string
  note: boolean
}

const KEPT_AS = 'cordboard.drafts'
const storage = (): Storage => sessionStorage

function all(): Record<string, DraftText> {
  try {
    return record(JSON.parse(remembered(KEPT_AS, storage) || '{}')) as Record<string, DraftText>
  } catch {
    return {}
  }
}

export function draftOf(id: string): DraftText {
  return all()[id] ?? { body: '', note: false }
}

export function keepDraft(id: string, draft: DraftText): void {
  const drafts = all()
  if (draft.body || draft.note) drafts[id] = draft
  else delete drafts[id]
  remember(KEPT_AS, JSON.stringify(drafts), storage)
}
