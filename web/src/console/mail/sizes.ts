// Bytes in the reader's language.
import { useI18n } from 'vue-i18n'

export function useSizeWords(): (bytes: number) => string {
  const { locale } = useI18n()
  return (bytes) => {
    const [amount, unit] = bytes < 1_000_000 ? [Math.max(bytes / 1_000, 0.1), 'kilobyte'] : [bytes / 1_000_000, 'megabyte']
    return new Intl.NumberFormat(locale.value, { style: 'unit', unit, maximumFractionDigits: 1 }).format(amount)
  }
}
