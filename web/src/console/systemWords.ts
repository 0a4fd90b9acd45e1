// System lines of a transcript in the agent's language.
import { useI18n } from 'vue-i18n'
import type { Entry } from '@/shared/wire'
import { useDesk } from './desk'

const REASONS = new Set(['agent', 'visitor', 'idle', 'gone', 'refused', 'abandoned'])

export function useSystemWords(): (entry: Entry) => string {
  const { t } = useI18n()
  const desk = useDesk()
  const said = (value: unknown): string => (typeof value === 'string' ? value : '')

  return (entry) => {
    const name = entry.name || said(entry.data['agent_name']) || t('entry.anAgent')
    switch (entry.kind) {
      case 'joined':
        return t('entry.joined', { name })
      case 'left':
        return t('entry.left', { name })
      case 'transferred': {
        const queue = desk.queueName(said(entry.data['queue']))
        return queue ? t('entry.transferred', { queue }) : t('entry.transferredSomewhere')
      }
      case 'warning':
        return t('entry.warning')
      default: {
        const reason = said(entry.data['reason'])
        return REASONS.has(reason) ? t(`entry.ended.${reason}`) : t('entry.ended.other')
      }
    }
  }
}
