// System lines of a transcript in the agent's language.
import { useI18n } from 'vue-i18n'
import { duration } from '@/shared/times'
import type { Entry } from '@/shared/wire'
import { useDesk } from './desk'

const REASONS = new Set(['agent', 'visitor', 'idle', 'gone', 'refused', 'abandoned', 'hangup'])
const CALLS = new Set([
  'ringing', 'answered', 'held', 'resumed', 'parked', 'retrieved', 'transferred', 'conferenced', 'ended',
])

export function useSystemWords(): (entry: Entry) => string {
  const { t } = useI18n()
  const desk = useDesk()
  const said = (value: unknown): string => (typeof value === 'string' ? value : '')

  const seconds = (value: unknown): string => duration(typeof value === 'number' ? value : 0)

  function call(entry: Entry): string {
    const event = said(entry.data['event'])
    const who = entry.name || said(entry.data['party']) || t('entry.call.customer')
    if (event === 'ended') {
      return t('entry.call.ended', {
        ring: seconds(entry.data['ring_ms']),
        talk: seconds(entry.data['talk_ms']),
        hold: seconds(entry.data['hold_ms']),
      })
    }
    return CALLS.has(event) ? t(`entry.call.${event}`, { who, to: said(entry.data['to']) }) : t('entry.call.other')
  }

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
      case 'call':
        return call(entry)
      default: {
        const reason = said(entry.data['reason'])
        return REASONS.has(reason) ? t(`entry.ended.${reason}`) : t('entry.ended.other')
      }
    }
  }
}
