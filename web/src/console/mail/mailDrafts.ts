// Mails that are being written, one for each conversation or case, kept while the agent looks at another, or reloads.
import { remember, remembered } from '@/shared/memory'
import { record } from '@/shared/parse'
import type { Mode } from './actions'
import type { Mailbox } from './mail'

export interface MailDraft {
  mode: Mode
  /** The received mail that it is about; empty: the newest. */
  answers: string
  /** Its own id: sending it again is no second mail. */
  clientId: string
  to: Mailbox[]
  cc: Mailbox[]
  bcc: Mailbox[]
  subject: string
  body: string
  /** Files of the case that go with it. */
  files: string[]
  quotes: boolean
  /** As the browser's field has it; empty: at once. */
  sendAt: string
}

const KEPT_AS = 'cordboard.mail-drafts'
const storage = (): Storage => sessionStorage

function all(): Record<string, MailDraft> {
  try {
    return record(JSON.parse(remembered(KEPT_AS, storage) || '{}')) as Record<string, MailDraft>
  } catch {
    return {}
  }
}

export const mailDraftOf = (key: string): MailDraft | null => all()[key] ?? null

/** Keep a draft; null: there is none any more. */
export function keepMailDraft(key: string, draft: MailDraft | null): void {
  const drafts = all()
  if (draft) drafts[key] = draft
  else delete drafts[key]
  remember(KEPT_AS, JSON.stringify(drafts), storage)
}
