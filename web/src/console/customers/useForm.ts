// Saving a form about a customer: under its version, and again when it is likely there already.
import { ref } from 'vue'
import { duplicates, type Duplicate, type Values, type Written } from '@/shared/customers'
import { Problem } from '@/shared/problem'
import { i18n } from '@/shared/i18n'
import { useToasts } from '@/shared/toasts'

export function useForm(save: (values: Values) => Promise<Written>, saved: (id: string) => void) {
  const toasts = useToasts()
  const busy = ref(false)
  const alike = ref<Duplicate[]>([])

  /** Save; what is likely there already is shown first, and saved with the second try. */
  async function submit(values: Values): Promise<void> {
    if (busy.value) return
    busy.value = true
    const despite = alike.value.length > 0 ? { despite_duplicates: true } : {}
    try {
      saved((await save({ ...values, ...despite })).id)
    } catch (problem) {
      tell(problem)
    } finally {
      busy.value = false
    }
  }

  function tell(problem: unknown): void {
    if (problem instanceof Problem && problem.slug === 'likely-duplicate') {
      alike.value = duplicates(problem.fields['duplicates'])
    } else if (problem instanceof Problem && problem.slug === 'stale-version') {
      toasts.show('danger', i18n.global.t('customer.stale'))
    } else {
      toasts.tell(problem)
    }
  }

  return { busy, alike, submit }
}
