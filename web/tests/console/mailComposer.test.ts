// @vitest-environment happy-dom
import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { layOut } from '@/console/lines'
import { addressesIn, isAddress, withAddresses } from '@/console/mail/addresses'
import MailComposer from '@/console/mail/MailComposer.vue'
import { mailDraftOf } from '@/console/mail/mailDrafts'
import SentEntry from '@/console/mail/SentEntry.vue'
import { sent, wantedOf } from '@/console/mail/sent'
import { requester } from '@/shared/engine'
import { i18n } from '@/shared/i18n'
import { entry } from '@/shared/parse'
import { Problem } from '@/shared/problem'
import { useToasts } from '@/shared/toasts'

const DRAFT = {
  kind: 'reply', answers: 'm1', sender: { email: 'help@shop.example', name: 'Help' }, to: [{ email: 'vera@example.com', name: 'Vera' }],
  cc: [], subject: 'Re: Kettle [#1]', signature: '-- \nHelp', quotation: '> It drips.', files: [], undo_ms: 10_000, doubtful: [],
}
const SENT = { id: 'o1', case_id: 'c1', state: 'waiting', not_before: '2099-01-01T00:00:00Z', subject: 'Re: Kettle', recipients: [{ email: 'vera@example.com', state: 'waiting' }] }
let page: VueWrapper | undefined

beforeEach(() => {
  setActivePinia(createPinia())
  sessionStorage.clear()
  vi.spyOn(requester, 'get').mockImplementation((path) => Promise.resolve(path.includes('/draft') ? DRAFT : path.includes('/mail/') ? SENT : { items: [] }))
})
afterEach(() => {
  page?.unmount()
  vi.restoreAllMocks()
})

const at = (name: string) => page!.get(`[data-test="${name}"]`)

async function compose(): Promise<void> {
  page = mount(MailComposer, { props: { caseId: 'c1', draftKey: 'i1', place: {} }, global: { plugins: [i18n] }, attachTo: document.body })
  await flushPromises()
}

describe('addresses', () => {
  it('are read as people type and paste them', () => {
    expect(addressesIn('Vera <vera@example.com>; "Lee, Bo" <bo@example.com>\nc@d.e, nobody')).toEqual({
      found: [{ email: 'vera@example.com', name: 'Vera' }, { email: 'bo@example.com', name: 'Lee, Bo' }, { email: 'c@d.e', name: '' }],
      wrong: ['nobody'],
    })
    expect(['a@b', 'ä@bücher.example', "o'x+y@z.example"].every(isAddress)).toBe(true)
    expect(['a', 'a@', '@b', 'a b@c.d', 'a@b..c', 'a@b>\r\nBcc: c@d'].some(isAddress)).toBe(false)
    const a = { email: 'a@b', name: 'A' }
    expect(withAddresses([a], [{ email: 'A@B', name: '' }, { email: 'c@d', name: '' }]).map((one) => one.email)).toEqual(['a@b', 'c@d'])
  })
})

describe('the composer', () => {
  it('begins with what the engine proposes, sends once, and offers to take it back', async () => {
    const post = vi.spyOn(requester, 'post').mockResolvedValue(SENT)
    await compose()
    await at('compose-reply').trigger('click')
    await flushPromises()
    expect(at('compose-to-chip').text()).toBe('Vera <vera@example.com>')
    expect((at('compose-subject').element as HTMLInputElement).value).toBe('Re: Kettle [#1]')
    expect(at('compose-send').attributes()).toHaveProperty('disabled')
    await at('compose-words').setValue('A new gasket comes.')
    await at('compose-to').setValue('bob@example.com')
    await at('compose').trigger('submit')
    await flushPromises()
    expect(post).toHaveBeenCalledTimes(1)
    expect(post.mock.calls[0]).toMatchObject(['/cases/c1/mail', {
      kind: 'reply', answers: 'm1', everybody: false, body: 'A new gasket comes.', anyhow: false,
      to: [{ email: 'vera@example.com' }, { email: 'bob@example.com' }],
    }])
    expect(mailDraftOf('i1'), 'the draft is done with').toBeNull()
    const toast = useToasts().toasts.at(-1)!
    post.mockResolvedValue({ ...SENT, state: 'cancelled' })
    toast.offer!.run()
    await flushPromises()
    expect(post.mock.calls[1]?.[0]).toBe('/cases/c1/mail/o1/cancel')
    expect((at('compose-words').element as HTMLTextAreaElement).value).toBe('A new gasket comes.')
  })

  it('keeps a draft with its own id, so that sending again is no second mail', async () => {
    const post = vi.spyOn(requester, 'post').mockRejectedValueOnce(new Problem(0, {})).mockResolvedValue(SENT)
    await compose()
    await at('compose-reply').trigger('click')
    await flushPromises()
    await at('compose-words').setValue('Hello')
    await at('compose').trigger('submit')
    await flushPromises()
    page!.unmount()
    await compose()
    expect((at('compose-words').element as HTMLTextAreaElement).value).toBe('Hello')
    await at('compose').trigger('submit')
    await flushPromises()
    const ids = post.mock.calls.map((call) => (call[1] as { client_id: string }).client_id)
    expect(ids).toHaveLength(2)
    expect(ids[0]).toBe(ids[1])
  })

  it('warns of addresses that bounce and sends to them only when asked', async () => {
    const bounce = new Problem(409, { slug: 'doubtful-address', addresses: [{ email: 'vera@example.com', status: '5.1.1', diagnostic: 'No such user' }] })
    const post = vi.spyOn(requester, 'post').mockRejectedValueOnce(bounce).mockResolvedValue(SENT)
    await compose()
    await at('compose-reply').trigger('click')
    await flushPromises()
    await at('compose-words').setValue('Hello')
    await at('compose').trigger('submit')
    await flushPromises()
    expect(at('compose-doubtful').text()).toContain('No such user')
    await at('compose-anyhow').trigger('click')
    await flushPromises()
    expect(post.mock.calls[1]?.[1]).toMatchObject({ anyhow: true })
  })

  it('sends nothing while something typed is no address', async () => {
    const post = vi.spyOn(requester, 'post')
    await compose()
    await at('compose-reply').trigger('click')
    await flushPromises()
    await at('compose-words').setValue('Hello')
    await at('compose-to').setValue('nobody')
    await at('compose').trigger('submit')
    await flushPromises()
    expect(post).not.toHaveBeenCalled()
    expect(at('compose-to').attributes('aria-invalid')).toBe('true')
  })
})

describe('a mail of ours', () => {
  const line = entry({ seq: 2, kind: 'message', author: 'agent', name: 'Ana', body: 'Hi', at: '2026-11-22T10:00:00Z', data: { outgoing_id: 'o1', subject: 'Re: Kettle', to: ['vera@example.com'] } })

  it('says how far it is, with the words of the other server', async () => {
    const failed = { ...SENT, state: 'failed', recipients: [{ email: 'vera@example.com', state: 'failed', code: 550, said: 'No such user' }] }
    vi.spyOn(requester, 'get').mockResolvedValue(failed)
    page = mount(SentEntry, { props: { entry: line, caseId: 'c1' }, global: { plugins: [i18n] } })
    await flushPromises()
    expect(at('sent-recipient').text()).toContain('No such user')
    expect(at('sent-again').text()).toBe('Try again')
    expect(sent(failed).state).toBe('failed')
  })

  it('is a line of its own, as is what becomes of it', () => {
    const note = entry({ seq: 3, kind: 'note', author: 'system', at: '2026-11-22T10:00:00Z', data: { outgoing_id: 'o1', event: 'mail-failed' } })
    expect(layOut([line, note]).map((one) => one.type)).toEqual(['day', 'sent', 'mailEvent'])
    expect(wantedOf('reply_all', 'm1')).toEqual({ kind: 'reply', answers: 'm1', everybody: true })
    expect(wantedOf('new', 'm1')).toEqual({ kind: 'new', answers: '', everybody: false })
  })
})
