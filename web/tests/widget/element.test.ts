import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

const sockets: FakeWebSocket[] = []

class FakeWebSocket {
  static readonly OPEN = 1
  readyState = 0
  onopen: (() => void) | null = null
  onmessage: ((event: { data: unknown }) => void) | null = null
  onclose: ((event: { code: number }) => void) | null = null
  readonly sent: Record<string, unknown>[] = []
  constructor(readonly url: string) {
    sockets.push(this)
  }
  send(text: string): void {
    this.sent.push(JSON.parse(text) as Record<string, unknown>)
  }
  close(): void {
    this.readyState = 3
  }
  opened(): void {
    this.readyState = 1
    this.onopen?.()
    this.says({ type: 'opened', session: {}, last_seq: 0, resumed: false, limits: { message_bytes: 60 } })
  }
  says(frame: unknown): void {
    this.onmessage?.({ data: JSON.stringify(frame) })
  }
  entry(seq: number, author: string, body: string, more: object = {}): void {
    this.says({ type: 'entry', entry: { seq, kind: 'message', author, body, at: '2026-11-22T10:00:00Z', ...more } })
  }
}

const INFO = { name: 'Shop', greeting: 'Welcome', topics: [{ key: 'order', name: 'Orders' }], state: 'open' }

function part<T extends HTMLElement = HTMLElement>(name: string): T {
  const found = document.querySelector('cordboard-chat')?.shadowRoot?.querySelector<T>(`[data-test=${name}]`)
  if (!found) throw new Error(`no ${name}`)
  return found
}

function parts(name: string): HTMLElement[] {
  return [...(document.querySelector('cordboard-chat')?.shadowRoot?.querySelectorAll<HTMLElement>(`[data-test=${name}]`) ?? [])]
}

function type(name: string, value: string): void {
  const field = part<HTMLInputElement>(name)
  field.value = value
  field.dispatchEvent(new Event('input'))
}

function press(name: string, options: KeyboardEventInit): void {
  part(name).dispatchEvent(new KeyboardEvent('keydown', { bubbles: true, cancelable: true, ...options }))
}

async function onPage(attributes: Record<string, string> = {}): Promise<void> {
  await import('@/widget/index')
  const chat = document.createElement('cordboard-chat')
  Object.assign(chat.dataset, { org: 'demo', channel: 'web', base: 'https://engine.example/', locale: 'en', ...attributes })
  document.body.append(chat)
}

async function inForm(): Promise<void> {
  await onPage()
  part('launcher').click()
  await vi.waitFor(() => part('name'))
}

async function inChat(body = ''): Promise<FakeWebSocket> {
  await inForm()
  type('name', 'Mia')
  type('email', 'mia@example.org')
  type('first-message', body)
  part('start').click()
  const socket = sockets.at(-1)
  if (!socket) throw new Error('no socket')
  socket.opened()
  return socket
}

beforeEach(() => {
  sockets.length = 0
  vi.stubGlobal('WebSocket', FakeWebSocket)
  vi.stubGlobal('fetch', () => Promise.resolve({ ok: true, json: () => Promise.resolve(INFO) }))
})

afterEach(async () => {
  document.body.replaceChildren()
  await Promise.resolve()
  localStorage.clear()
  sessionStorage.clear()
  vi.unstubAllGlobals()
})

describe('the element', () => {
  it('asks for what is missing and puts the focus there', async () => {
    await inForm()
    type('email', 'nonsense')
    part('start').click()
    expect(part('name').getAttribute('aria-invalid')).toBe('true')
    expect(part('email').getAttribute('aria-invalid')).toBe('true')
    expect(document.querySelector('cordboard-chat')?.shadowRoot?.activeElement).toBe(part('name'))
    expect(sockets).toHaveLength(0)
  })

  it('opens a chat on the engine the script came from', async () => {
    const socket = await inChat('Hello')
    expect(socket.url).toBe('wss://engine.example/chat/demo/web/socket')
    expect(socket.sent[0]).toMatchObject({ type: 'open', form: { name: 'Mia', email: 'mia@example.org', topic: '' } })
    expect(String(socket.sent[0]?.['token'])).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(parts('entry')).toHaveLength(1)
  })

  it('never makes markup of what people write', async () => {
    const socket = await inChat()
    socket.entry(1, 'system', '', { kind: 'joined', name: '<i>Ana</i>' })
    socket.entry(2, 'agent', '<img src=x onerror=alert(1)>', { name: '<i>Ana</i>' })
    expect(part('panel').querySelector('img, i')).toBeNull()
    expect(parts('entry')[1]?.textContent).toContain('<img src=x onerror=alert(1)>')
    expect(parts('entry').map((entry) => entry.dataset['author'])).toEqual(['system', 'agent'])
  })

  it('sends on Enter, not on Shift+Enter nor while composing', async () => {
    const socket = await inChat()
    const messages = (): unknown[] => socket.sent.filter((frame) => frame['type'] === 'message').map((frame) => frame['body'])
    type('composer', '你好')
    press('composer', { key: 'Enter', shiftKey: true })
    press('composer', { key: 'Enter', isComposing: true })
    press('composer', { key: 'Enter', keyCode: 229 })
    expect(messages()).toEqual([])
    press('composer', { key: 'Enter' })
    expect(messages()).toEqual(['你好'])
    expect(part<HTMLTextAreaElement>('composer').value).toBe('')
  })

  it('counts bytes, not letters, against the limit', async () => {
    const socket = await inChat()
    type('composer', '茶'.repeat(21))
    press('composer', { key: 'Enter' })
    expect(socket.sent.filter((frame) => frame['type'] === 'message')).toHaveLength(0)
    expect(part('composer').getAttribute('aria-invalid')).toBe('true')
    type('composer', '茶'.repeat(20))
    press('composer', { key: 'Enter' })
    expect(socket.sent.filter((frame) => frame['type'] === 'message')).toHaveLength(1)
  })

  it('shows the place in the queue, then the agent', async () => {
    const socket = await inChat()
    socket.says({ type: 'position', position: 3 })
    expect(part('position').textContent).toContain('3')
    socket.entry(1, 'system', '', { kind: 'joined', name: 'Ana' })
    expect(part('position').hidden).toBe(true)
    expect(part('status').textContent).toContain('Ana')
    expect(part('status').dataset['state']).toBe('online')
  })

  it('counts unread on the launcher while closed; Escape closes', async () => {
    const socket = await inChat()
    press('composer', { key: 'Escape' })
    expect(part('panel').hidden).toBe(true)
    expect(document.querySelector('cordboard-chat')?.shadowRoot?.activeElement).toBe(part('launcher'))
    socket.entry(1, 'agent', 'Hello?')
    expect(part('badge').textContent).toBe('1')
    expect(part('launcher').getAttribute('aria-label')).toContain('1')
    part('launcher').click()
    expect(part('badge').hidden).toBe(true)
    expect(socket.sent.at(-1)).toMatchObject({ type: 'read', seq: 1 })
  })

  it('ends only when asked twice, and offers a new chat', async () => {
    const socket = await inChat()
    part('end').click()
    expect(socket.sent.some((frame) => frame['type'] === 'end')).toBe(false)
    part('end-confirm').click()
    expect(socket.sent.at(-1)).toEqual({ type: 'end' })
    socket.entry(1, 'system', '', { kind: 'ended' })
    socket.says({ type: 'ended', reason: 'visitor' })
    expect(part('again').closest('[hidden]')).toBeNull()
    part('again').click()
    await vi.waitFor(() => part('name'))
  })

  it('says what the queue says instead of its own words', async () => {
    const told = { ...INFO, state: 'closed', text: 'We open at nine.' }
    vi.stubGlobal('fetch', () => Promise.resolve({ ok: true, json: () => Promise.resolve(told) }))
    await onPage()
    part('launcher').click()
    await vi.waitFor(() => part('offline-form'))
    expect(part('offline-form').querySelector('.lead')?.textContent).toBe('We open at nine.')
  })

  it('turns into a form that becomes a case when nobody is there', async () => {
    vi.stubGlobal('fetch', () => Promise.resolve({ ok: true, json: () => Promise.resolve({ ...INFO, state: 'unstaffed' }) }))
    await onPage()
    part('launcher').click()
    await vi.waitFor(() => part('offline-form'))
    type('name', 'Mia')
    type('email', 'mia@example.org')
    part('start').click()
    expect(part('first-message').getAttribute('aria-invalid')).toBe('true')
    type('first-message', 'Call me')
    part('start').click()
    const socket = sockets.at(-1)
    if (socket) socket.readyState = 1
    socket?.onopen?.()
    expect(socket?.sent[0]).toMatchObject({ type: 'leave', body: 'Call me' })
    socket?.says({ type: 'left_message', case_number: 42 })
    expect(part('offline-sent').textContent).toContain('42')
  })

  it('changes the language in the middle without losing a word', async () => {
    await inChat()
    type('composer', 'half a sen')
    part('language').click()
    expect(part('end').textContent).toBe('结束聊天')
    expect(part<HTMLTextAreaElement>('composer').value).toBe('half a sen')
    document.querySelector<HTMLElement>('cordboard-chat')?.setAttribute('data-locale', 'en')
    expect(part('end').textContent).toBe('End chat')
  })

  it('goes on after a reload with the panel as it was', async () => {
    await inChat('Hello')
    document.body.replaceChildren()
    await Promise.resolve()
    await onPage()
    expect(part('panel').hidden).toBe(false)
    const socket = sockets.at(-1)
    socket?.opened()
    expect(socket?.sent[0]).toMatchObject({ type: 'resume', last_seq: 0 })
  })
})
