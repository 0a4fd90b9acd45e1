// A mail that is being written: what the engine proposes, what its author makes of it, sending it and taking it back.
import { computed, reactive, ref, shallowRef, watch } from 'vue'
import { useI18n } from 'vue-i18n'
import { newId } from '@/shared/engine'
import { Problem } from '@/shared/problem'
import { dayAndTime } from '@/shared/times'
import { useToasts } from '@/shared/toasts'
import type { Mode } from './actions'
import { keepMailDraft, mailDraftOf, type MailDraft } from './mailDrafts'
import { cancelMail, doubtful, prepare, sendMail, wantedOf, type Doubtful, type Prepared, type Sent } from './sent'

function blank(): MailDraft {
  return {
    mode: 'reply', answers: '', clientId: newId(), to: [], cc: [], bcc: [], subject: '', body: '', files: [], quotes: true, sendAt: '',
  }
}

/** ``key`` names the draft, ``caseId`` the case that the mail is of. */
export function useMailComposer(caseId: () => string, key: string) {
  const { t, locale } = useI18n()
  const toasts = useToasts()
  const draft = reactive<MailDraft>(blank())
  const open = ref(false)
  const busy = ref(false)
  const ready = shallowRef<Prepared | null>(null)
  /** Recipients whose mail comes back; sent to them only when it is asked for. */
  const bouncing = shallowRef<Doubtful[]>([])
  const scheduled = computed(() => (draft.sendAt ? Date.parse(draft.sendAt) : 0))
  let asked = 0

  async function propose(mode: Mode, answers: string): Promise<Prepared | null> {
    const mine = (asked += 1)
    let found: Prepared | null = null
    await toasts.attempt(async () => (found = await prepare(caseId(), mode, answers)))
    if (mine !== asked) return null
    ready.value = found
    return found
  }

  /** Begin a mail; what was written before stays, whom it goes to is proposed anew. */
  async function begin(mode: Mode, answers = ''): Promise<void> {
    const fresh = await propose(mode, answers)
    if (!fresh) return
    Object.assign(draft, { mode, answers: fresh.answers, to: fresh.to, cc: fresh.cc, subject: fresh.subject, quotes: true })
    draft.files = [...new Set([...draft.files, ...fresh.files.map((one) => one.id)])]
    bouncing.value = fresh.doubtful
    open.value = true
  }

  /** Show again what was being written. */
  async function resume(kept: MailDraft): Promise<void> {
    Object.assign(draft, kept)
    open.value = true
    bouncing.value = (await propose(kept.mode, kept.answers))?.doubtful ?? []
  }

  function drop(): void {
    Object.assign(draft, blank())
    ;[open.value, ready.value, bouncing.value] = [false, null, []]
    keepMailDraft(key, null)
  }

  function values(anyhow: boolean): object {
    const { mode, answers, clientId, to, cc, bcc, subject, body, files, quotes } = draft
    return {
      client_id: clientId, ...wantedOf(mode, answers), to, cc, bcc, subject, body, attachment_ids: files, anyhow,
      ...(quotes ? {} : { quotation: '' }),
      ...(scheduled.value ? { send_at: new Date(scheduled.value).toISOString() } : {}),
    }
  }

  /** Send it once, however often it is tried. Says whether it is on its way. */
  async function send(anyhow = false): Promise<boolean> {
    if (busy.value) return false
    busy.value = true
    const was: MailDraft = JSON.parse(JSON.stringify(draft)) as MailDraft
    try {
      told(await sendMail(caseId(), values(anyhow)), was)
      drop()
      return true
    } catch (problem) {
      if (problem instanceof Problem && problem.slug === 'doubtful-address') bouncing.value = doubtful(problem.fields['addresses'])
      if (!(problem instanceof Problem && problem.status === 401)) toasts.tell(problem)
      return false
    } finally {
      busy.value = false
    }
  }

  function told(mail: Sent, was: MailDraft): void {
    const undo = { words: t('mail.undo'), run: () => void undoSend(mail, was) }
    const title = was.sendAt ? t('mail.willGo', { when: dayAndTime(mail.notBefore, locale.value) }) : t('mail.sending')
    toasts.offer(title, undo, Math.max(ready.value?.undoMs ?? 0, 5_000))
  }

  async function undoSend(mail: Sent, was: MailDraft): Promise<void> {
    const back = await toasts.attempt(() => cancelMail(caseId(), mail.id))
    if (!back) return
    if (!open.value) await resume({ ...was, clientId: newId() })
    toasts.show('ok', t('mail.undone'))
  }

  watch([draft, open], () => keepMailDraft(key, open.value ? { ...draft } : null))
  const kept = mailDraftOf(key)
  if (kept) void resume({ ...blank(), ...kept })

  return { draft, open, busy, ready, bouncing, scheduled, begin, drop, send }
}
