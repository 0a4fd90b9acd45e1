// Gets the agent's attention: a soft sound, a word for screen readers, a desktop notification
// when he allowed it, and offers in the window's title (see useTitle).
import { onBeforeUnmount, ref, watchEffect } from 'vue'
import { i18n } from '@/shared/i18n'
import { remember, remembered } from '@/shared/memory'
import type { Contact, Entry, Offer } from '@/shared/wire'
import { useDesk } from './desk'

const SOUND_KEPT_AS = 'cordboard.silent'

/** Read out by screen readers. */
export const spoken = ref('')
export const silent = ref(remembered(SOUND_KEPT_AS) === 'yes')

let audio: AudioContext | null = null

function tone(frequencies: number[]): void {
  if (silent.value || typeof AudioContext === 'undefined') return
  audio ??= new AudioContext()
  if (audio.state === 'suspended') void audio.resume().catch(() => undefined)
  const start = audio.currentTime
  frequencies.forEach((frequency, at) => note(audio as AudioContext, frequency, start + at * 0.14))
}

function note(context: AudioContext, frequency: number, at: number): void {
  const oscillator = context.createOscillator()
  const volume = context.createGain()
  oscillator.frequency.value = frequency
  volume.gain.setValueAtTime(0, at)
  volume.gain.linearRampToValueAtTime(0.12, at + 0.02)
  volume.gain.exponentialRampToValueAtTime(0.001, at + 0.3)
  oscillator.connect(volume).connect(context.destination)
  oscillator.start(at)
  oscillator.stop(at + 0.32)
}

function notify(title: string, body: string): void {
  if (!document.hidden || !('Notification' in window)) return
  if (Notification.permission !== 'granted') return
  const shown = new Notification(title, { body, tag: 'cordboard' })
  shown.onclick = () => {
    window.focus()
    shown.close()
  }
}

export function announceOffer(offer: Offer): void {
  const { t } = i18n.global
  const title = t('offer.announce', { name: offer.contactName || t('contact.unnamed') })
  spoken.value = title
  tone([660, 880])
  notify(title, offer.preview)
}

export function announceEntry(contact: Contact, entry: Entry): void {
  const { t } = i18n.global
  const desk = useDesk()
  const shown = desk.selected?.conversation?.contact.id === contact.id && !document.hidden
  if (shown || entry.kind !== 'message') return
  const title = t('entry.announce', { name: contact.name || t('contact.unnamed') })
  spoken.value = `${title} ${entry.body}`
  tone([520])
  notify(title, entry.body)
}

export function announceCall(name: string): void {
  const title = i18n.global.t('call.announce', { name })
  spoken.value = title
  tone([587, 740, 587, 740])
  notify(title, '')
}

export function announceAlert(title: string): void {
  spoken.value = title
  tone([440, 550])
  notify(title, '')
}

export function setSilent(value: boolean): void {
  silent.value = value
  remember(SOUND_KEPT_AS, value ? 'yes' : '')
}

/** Ask once, by the agent's own click, whether desktop notifications may be shown. */
export function askForNotifications(): void {
  if ('Notification' in window && Notification.permission === 'default') {
    void Notification.requestPermission().catch(() => undefined)
  }
}

/** Keep the window's title: the page's name and unread count, blinking while offers wait. */
export function useTitle(unread: () => number): void {
  const desk = useDesk()
  const blink = ref(false)
  const timer = setInterval(() => {
    blink.value = desk.offers.length > 0 && !blink.value
  }, 1_000)
  onBeforeUnmount(() => clearInterval(timer))
  watchEffect(() => {
    const { t } = i18n.global
    const count = unread()
    const name = `${count > 0 ? `(${count}) ` : ''}${t('app.console')}`
    document.title = blink.value ? t('offer.title', { count: desk.offers.length }) : name
  })
}
