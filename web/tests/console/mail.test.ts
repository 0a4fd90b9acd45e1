// @vitest-environment happy-dom
import { mount } from '@vue/test-utils'
import { createPinia } from 'pinia'
import { describe, expect, it, vi } from 'vitest'
import { layOut } from '@/console/lines'
import { badgesOf, htmlAddress, mail, mailOf, nameOf } from '@/console/mail/mail'
import MailFrame from '@/console/mail/MailFrame.vue'
import MailParts from '@/console/mail/MailParts.vue'
import { i18n } from '@/shared/i18n'
import { entry } from '@/shared/parse'

const RAW = {
  id: 'm1', channel: 'mail', state: 'filed', nature: 'person', subject: 'Kettle', dmarc: 'fail',
  sender: { email: 'vera@example.com', name: 'Vera' }, to: [{ email: 'help@shop.example', name: '' }],
  new: 'It drips.', quoted: '> How?', signature: 'Vera', html: true, kept: true,
  attached: [{ number: 2, name: 'a b.html', media_type: 'text/html', size: 25, inline: false }],
  invitation: { method: 'REQUEST', summary: 'Visit', start_at: '2026-11-22T10:00:00Z' },
  authenticity: { dmarc: 'fail' },
}
const plugins = { global: { plugins: [createPinia(), i18n] } }

describe('a mail', () => {
  it('is read whatever is missing', () => {
    expect(mail({}).attached).toEqual([])
    expect(mail({}).sender).toBeNull()
    expect(mail(RAW).fresh).toBe('It drips.')
    expect(nameOf(mail(RAW).sender)).toBe('Vera <vera@example.com>')
    expect(nameOf({ email: 'a@b.c', name: '' })).toBe('a@b.c')
  })

  it('carries what is to be known before it is believed', () => {
    const keys = (raw: object): string[] => badgesOf(mail({ ...RAW, ...raw })).map((one) => one.key)
    expect(keys({})).toEqual(['unproven'])
    expect(keys({ state: 'held', nature: 'bounce', dmarc: 'pass' })).toEqual(['held', 'machine'])
    expect(keys({ dmarc: '', forwarded: { text: 'x' } })).toEqual(['forwarded'])
  })

  it('is a line of its own in a transcript', () => {
    const said = (seq: number, data: object): object => ({ seq, kind: 'message', author: 'visitor', at: '2026-11-22T10:00:00Z', data })
    const entries = [said(1, { mail_id: 'm1' }), said(2, {}), said(3, { mail_id: 'm2' })].map(entry)
    expect(layOut(entries).map((one) => one.type)).toEqual(['day', 'mail', 'bubble', 'mail'])
    expect(mailOf(entries[0]!)).toBe('m1')
  })

  it('folds what it quotes and gives files to be saved only', () => {
    const shown = mount(MailParts, { props: { mail: mail(RAW) }, ...plugins })
    expect(shown.get('[data-test="mail-quoted"]').element.hasAttribute('open')).toBe(false)
    expect(shown.get('[data-test="mail-file"]').attributes()).toMatchObject({ href: '/api/v1/mails/m1/files/2', download: 'a b.html' })
    expect(shown.get('[data-test="mail-invitation"]').text()).toContain('Visit')
    expect(shown.find('iframe').exists()).toBe(false)
  })
})

describe('its HTML', () => {
  it('is shown in a frame without scripts and origin, remote pictures only when asked for', async () => {
    vi.stubGlobal('fetch', () => Promise.resolve(new Response('', { headers: { 'Remote-Images': '2' } })))
    const shown = mount(MailFrame, { props: { id: 'm1' }, ...plugins })
    await vi.waitFor(() => expect(shown.find('[data-test="mail-images"]').exists()).toBe(true))
    const frame = shown.get('iframe').attributes()
    expect(frame['sandbox']).toBe('allow-popups allow-popups-to-escape-sandbox')
    expect(frame['src']).toBe(htmlAddress('m1', false))
    await shown.get('[data-test="mail-images"]').trigger('click')
    expect(shown.get('iframe').attributes('src')).toBe('/api/v1/mails/m1/html?images=true')
    expect(shown.find('[data-test="mail-images"]').exists()).toBe(false)
    vi.unstubAllGlobals()
  })
})
