// Short messages at the edge of the page, and how a problem is told.
import { defineStore } from 'pinia'
import { ref } from 'vue'
import { i18n } from './i18n'
import { Problem, UNREACHABLE } from './problem'

export type Tone = 'info' | 'ok' | 'danger'

export interface Toast {
  id: number
  tone: Tone
  title: string
  hint: string
  /** Something that can be done about it, while it is shown. */
  offer?: Offer
}

export interface Offer {
  words: string
  run: () => void
}

const SHOWN_MS: Record<Tone, number> = { info: 5_000, ok: 4_000, danger: 9_000 }
const MOST = 4

/** Say a problem in words: what is wrong, and how to mend it. */
export function problemWords(problem: unknown): { title: string; hint: string } {
  const { t } = i18n.global
  if (!(problem instanceof Problem)) return { title: t('problem.unknown'), hint: '' }
  if (problem.slug === UNREACHABLE) {
    return { title: t('problem.unreachable'), hint: t('problem.unreachableHint') }
  }
  const slug = problem.status === 503 ? 'unavailable' : problem.slug
  return { title: slugWords(slug, problem.detail), hint: problem.mend }
}

/** Say what a slug means in the page's language; where it has no words for it, say `usual`. */
export function slugWords(slug: string, usual: string): string {
  const { t, te } = i18n.global
  const key = `problem.slug.${slug}`
  return te(key) ? t(key) : usual || slug
}

export const useToasts = defineStore('toasts', () => {
  const toasts = ref<Toast[]>([])
  let lastId = 0

  function dismiss(id: number): void {
    toasts.value = toasts.value.filter((toast) => toast.id !== id)
  }

  function put(toast: Omit<Toast, 'id'>, shownMs: number): void {
    lastId += 1
    const id = lastId
    toasts.value = [...toasts.value.slice(1 - MOST), { ...toast, id }]
    setTimeout(() => dismiss(id), shownMs)
  }

  function show(tone: Tone, title: string, hint = ''): void {
    const repeated = toasts.value.find((toast) => toast.title === title && !toast.offer)
    if (repeated) dismiss(repeated.id)
    put({ tone, title, hint }, SHOWN_MS[tone])
  }

  /** Say something, and that something can be done about it for a while, such as taking it back. */
  function offer(title: string, what: Offer, shownMs: number): void {
    put({ tone: 'ok', title, hint: '', offer: what }, shownMs)
  }

  function tell(problem: unknown): void {
    const { title, hint } = problemWords(problem)
    show('danger', title, hint)
  }

  /** Do something; tell the user when it fails. Says whether it worked. */
  async function attempt(work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work()
      return true
    } catch (problem) {
      if (!(problem instanceof Problem && problem.status === 401)) tell(problem)
      return false
    }
  }

  return { toasts, show, offer, dismiss, tell, attempt }
})
