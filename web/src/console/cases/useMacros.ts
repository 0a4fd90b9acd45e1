// Macros of one case: what is offered, and doing one under the version that was looked at.
import { ref, shallowRef } from 'vue'
import { useI18n } from 'vue-i18n'
import type { Needed } from '@/shared/approvals'
import type { FullCase } from '@/shared/cases'
import { newId } from '@/shared/engine'
import { offeredMacros, runMacro, type MacroOffer } from '@/shared/macros'
import { Problem } from '@/shared/problem'
import { quickTexts } from '@/shared/quickTexts'
import { problemWords, useToasts } from '@/shared/toasts'
import { useDeedWords } from './deedWords'

export function useMacros(shown: () => FullCase, done: (fresh: FullCase) => void) {
  const { t, locale } = useI18n()
  const toasts = useToasts()
  const words = useDeedWords()
  const offers = shallowRef<MacroOffer[] | null>(null)
  /** Words of the quick texts that a macro would say, by key. */
  const sayings = shallowRef<Record<string, string>>({})
  const asks = shallowRef<Needed | null>(null)
  const failed = ref('')
  const busy = ref('')
  /** Said where the case has moved on meanwhile: what is shown is fresh, nothing was done. */
  const moved = ref(false)
  const ids = new Map<string, string>() // a second try is the same request

  async function load(): Promise<void> {
    failed.value = ''
    try {
      const { id } = shown()
      const [found, texts] = await Promise.all([
        offeredMacros(id, locale.value), quickTexts({ caseId: id }).catch(() => []),
      ])
      sayings.value = Object.fromEntries(texts.map((one) => [one.key, one.body]))
      offers.value = found
    } catch (problem) {
      failed.value = problemWords(problem).title
    }
  }

  /** Offer to ask for the yes that a macro needs. */
  function ask(one: MacroOffer): void {
    asks.value = { mine: {}, macro: { key: one.key, name: one.name }, processes: one.needs, waiting: one.asked }
  }

  async function run(one: MacroOffer): Promise<void> {
    if (one.needs.length) return ask(one)
    if (busy.value || one.refusal) return
    const { id, version } = shown()
    const name = `${one.key}@${version}`
    if (!ids.has(name)) ids.set(name, newId())
    busy.value = one.key
    try {
      const made = await runMacro({ caseId: id, version }, one.key, ids.get(name) ?? newId())
      const missed = made.passedOver.map((deed) => t('deed.passedOver', { deed: words.words(deed), why: words.fault(deed) }))
      toasts.show(missed.length ? 'info' : 'ok', t('macro.done', { name: one.name }), missed.join(' · '))
      done(made.case)
    } catch (problem) {
      await refuse(problem)
    } finally {
      busy.value = ''
    }
  }

  async function refuse(problem: unknown): Promise<void> {
    const gone = problem instanceof Problem && ['stale-version', 'macro-not-offered'].includes(problem.slug)
    if (!gone) return toasts.tell(problem)
    moved.value = true
  }

  return { offers, sayings, failed, busy, moved, asks, ask, load, run }
}
