// Why a mail is held or could not be read, in the supervisor's language.
import { useI18n } from 'vue-i18n'

export function useReasonWords(): (reason: string) => string {
  const { t, te } = useI18n()
  return (reason) => {
    const key = `mail.reasons.${reason}`
    return te(key) ? t(key) : reason
  }
}
