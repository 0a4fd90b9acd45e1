// A submission's reasons and sizes in the supervisor's language.
import { useI18n } from 'vue-i18n'

export function useSubmissionWords() {
  const { t, te, locale } = useI18n()

  function reasonWords(reason: string): string {
    const key = `submission.reasons.${reason}`
    return te(key) ? t(key) : reason
  }

  function sizeWords(bytes: number): string {
    const [amount, unit] = bytes < 1_000_000 ? [bytes / 1_000, 'kilobyte'] : [bytes / 1_000_000, 'megabyte']
    return new Intl.NumberFormat(locale.value, { style: 'unit', unit, maximumFractionDigits: 1 }).format(amount)
  }

  function languageWords(code: string): string {
    try {
      return new Intl.DisplayNames(locale.value, { type: 'language' }).of(code) ?? code
    } catch {
      return code // what a browser said, and no tag of a language
    }
  }

  return { reasonWords, sizeWords, languageWords }
}
