// Queues, types, teams, plans and fields of cases as the organisation configures them; asked for once.
import { computed, shallowRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { readSetup, type CaseSetup, type CustomField } from '@/shared/cases'
import * as engine from '@/shared/engine'
import { inLanguage } from '@/shared/i18n'
import type { AgentDestination, Named } from '@/shared/wire'

const NOTHING: CaseSetup = {
  queues: [], types: [], teams: [], plans: [], milestones: [], escalations: [], macros: [], fields: [],
}
const known = shallowRef<CaseSetup>(NOTHING)
const people = shallowRef<AgentDestination[]>([])
let asked: Promise<void> | null = null
let askedPeople: Promise<void> | null = null

function ask(): void {
  asked ??= readSetup().then(
    (fresh) => { known.value = fresh },
    () => { asked = null }, // the next page asks again
  )
}

/** Read who can be given a case; anew when somebody opens a list of them. */
export function askPeople(): void {
  askedPeople ??= engine.destinations().then(
    (fresh) => { people.value = fresh.agents },
    () => undefined,
  ).finally(() => { askedPeople = null })
}

const BUILT_IN: Record<string, string> = {
  first_response: 'First response', next_response: 'Next response', resolution: 'Resolution',
}

type List = Exclude<keyof CaseSetup, 'fields'>

export function useCaseSetup() {
  const { t } = useI18n()
  ask()
  const lists = computed(() => known.value)
  const nameOf = (list: List, key: string): string => {
    const found = known.value[list].find((one) => one.key === key)
    if (list === 'milestones' && BUILT_IN[key] && BUILT_IN[key] === (found?.name ?? BUILT_IN[key])) {
      return t(`case.promises.${key}`)
    }
    return found ? inLanguage<Named>(found).name : key
  }
  const named = (list: List): Named[] => known.value[list].map((one) => inLanguage<Named>(one))
  const fields = computed<CustomField[]>(() => known.value.fields.map((one) => ({
    ...inLanguage(one), choices: one.choices.map((each) => inLanguage(each)),
  })))
  return { lists, nameOf, named, fields, people }
}
