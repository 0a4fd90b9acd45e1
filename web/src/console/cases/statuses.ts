// Where cases can stand, as the organisation configures it; asked for once, and told in the agent's language.
import { computed, shallowRef, type ComputedRef } from 'vue'
import { useI18n } from 'vue-i18n'
import * as engine from '@/shared/engine'
import { inLanguage } from '@/shared/i18n'
import type { CaseStatusSetup } from '@/shared/wire'

const BUILT_IN: Record<string, string> = {
  new: 'New', open: 'Open', waiting: 'Waiting', resolved: 'Resolved', closed: 'Closed',
}
const TONES = {
  new: 'info', open: 'info', waiting: 'warn', resolved: 'ok', closed: 'plain',
} as const

const known = shallowRef<CaseStatusSetup[]>([])
let asked: Promise<void> | null = null

function ask(): void {
  asked ??= engine.caseStatuses().then(
    (fresh) => { known.value = fresh },
    () => { asked = null }, // the next page asks again
  )
}

export interface CaseStatuses {
  all: ComputedRef<CaseStatusSetup[]>
  nameOf: (key: string) => string
  toneOf: (key: string) => 'info' | 'warn' | 'ok' | 'plain'
  after: (key: string) => CaseStatusSetup[]
}

export function useCaseStatuses(): CaseStatuses {
  const { t } = useI18n()
  ask()
  const all = computed(() => known.value.map((one) => {
    const builtIn = BUILT_IN[one.key] === one.name && !one.names
    return builtIn ? { ...one, name: t(`case.statuses.${one.key}`) } : inLanguage(one)
  }))
  const find = (key: string): CaseStatusSetup | undefined => all.value.find((one) => one.key === key)
  const nameOf = (key: string): string =>
    find(key)?.name ?? (BUILT_IN[key] ? t(`case.statuses.${key}`) : key)

  return {
    all,
    nameOf,
    toneOf: (key) => TONES[find(key)?.kind ?? 'open'],
    after: (key) => {
      const now = find(key)
      // Not asked for yet, or configured no more.
      if (!now) return [{ key, name: nameOf(key), kind: 'open', to: [] }, ...all.value]
      return all.value.filter((one) => one.key === key || now.to.includes(one.key))
    },
  }
}
