import { describe, expect, it } from 'vitest'
import { FORM, World, bodies, chatting } from './world'

const settled = () => new Promise((resolve) => setTimeout(resolve))

describe('opening', () => {
  it('sends nothing before the visitor asks', () => {
    const world = new World()
    world.client().start()
    expect(world.sockets).toHaveLength(0)
  })

  it('opens with a token of its own, the form and the first message', () => {
    const world = new World()
    const client = world.client()
    client.open(FORM, 'Hello')
    expect(client.state.phase).toBe('opening')
    expect(client.state.lines[0]).toMatchObject({ body: 'Hello', state: 'sending' })
    world.socket.onopen?.()
    expect(world.socket.sent).toEqual([
      { type: 'open', v: 1, token: 'token-1', locale: 'en', form: FORM, client_id: 'id-1', body: 'Hello' },
    ])
    world.socket.opened()
    world.socket.entry(1, 'visitor', 'Hello', { client_id: 'id-1' })
    expect(client.state.phase).toBe('chat')
    expect(client.state.lines).toHaveLength(1)
    expect(client.state.lines[0]).toMatchObject({ seq: 1, state: 'sent' })
  })

  it('repeats the same open when the connection drops before the answer', () => {
    const world = new World()
    const client = world.client()
    client.open(FORM, 'Hello')
    world.socket.onopen?.()
    const first = world.socket.sent[0]
    world.socket.drop(1006)
    world.pass(1_000)
    world.socket.onopen?.()
    expect(world.sockets).toHaveLength(2)
    expect(world.socket.sent[0]).toEqual(first)
    expect(client.state.phase).toBe('opening')
  })

  it('opens again after a reload before the answer', () => {
    const world = new World()
    world.client().open(FORM, 'Hello')
    const reloaded = world.client()
    reloaded.start()
    world.socket.onopen?.()
    expect(world.socket.sent[0]).toMatchObject({ type: 'open', token: 'token-1', body: 'Hello' })
    expect(reloaded.state.phase).toBe('opening')
  })

  it('gives up a handshake that never ends', () => {
    const world = new World()
    world.client().open(FORM, '')
    world.pass(12_000)
    expect(world.sockets[0]?.closed).toBe(true)
    world.pass(1_000)
    expect(world.sockets).toHaveLength(2)
  })
})

describe('messages', () => {
  it('are acknowledged, delivered, read', () => {
    const world = new World()
    const client = chatting(world)
    client.send('one')
    expect(client.state.lines[0]).toMatchObject({ state: 'sending' })
    const id = world.socket.frames('message')[0]?.['client_id']
    world.socket.says('ack', { client_id: id, seq: 1, at: '' })
    expect(client.state.lines[0]).toMatchObject({ state: 'sent', seq: 1 })
    world.socket.entry(1, 'visitor', 'one', { client_id: id })
    expect(client.state.lines).toHaveLength(1)
    world.socket.says('receipt', { received_seq: 1, read_seq: 0 })
    expect(client.state.lines[0]?.state).toBe('delivered')
    world.socket.says('receipt', { received_seq: 1, read_seq: 1 })
    expect(client.state.lines[0]?.state).toBe('read')
  })

  it('are sent again with the same id after a lost connection, in order', () => {
    const world = new World()
    const client = chatting(world)
    client.send('one')
    client.send('two')
    const before = world.socket.frames('message')
    world.socket.drop(1012)
    client.send('three')
    world.pass(1_000)
    world.socket.opened()
    const after = world.socket.frames('message')
    expect(after.slice(0, 2)).toEqual(before)
    expect(after.map((frame) => frame['body'])).toEqual(['one', 'two', 'three'])
  })

  it('survive a reload, in order, and are forgotten once acknowledged', () => {
    const world = new World()
    const first = chatting(world)
    first.send('one')
    first.send('two')
    const [one, two] = world.socket.frames('message')
    world.socket.says('ack', { client_id: one?.['client_id'], seq: 1, at: '' })
    const reloaded = world.client()
    reloaded.start()
    expect(bodies(reloaded.state)).toEqual(['two'])
    world.socket.opened()
    expect(world.socket.frames('message')).toEqual([two])
    expect(world.socket.sent[0]).toMatchObject({ type: 'resume', last_seq: 0 })
    world.socket.entry(2, 'visitor', 'two', { client_id: two?.['client_id'] })
    expect(world.memory.unsent('token-1')).toHaveLength(0)
  })

  it('shows once what comes twice, in the order of the numbers', () => {
    const world = new World()
    const client = chatting(world)
    world.socket.entry(3, 'agent', 'c')
    world.socket.entry(1, 'agent', 'a')
    world.socket.entry(3, 'agent', 'c')
    world.socket.entry(2, 'agent', 'b')
    expect(bodies(client.state)).toEqual(['a', 'b', 'c'])
  })

  it('resumes after the last line received, not after the last acknowledged', () => {
    const world = new World()
    const client = chatting(world)
    world.socket.entry(1, 'agent', 'a')
    client.send('mine')
    // The agent's line 2 is still on its way when our own line 3 is acknowledged.
    world.socket.says('ack', { client_id: world.socket.frames('message')[0]?.['client_id'], seq: 3, at: '' })
    world.socket.drop(1006)
    world.pass(1_000)
    world.socket.onopen?.()
    expect(world.socket.sent[0]).toMatchObject({ type: 'resume', last_seq: 1 })
  })

  it('keeps below the limit of a visitor', () => {
    const world = new World()
    const client = chatting(world)
    for (let number = 0; number < 12; number += 1) client.send(`m${number}`)
    expect(world.socket.frames('message')).toHaveLength(8)
    world.pass(3_000)
    expect(world.socket.frames('message').map((frame) => frame['body'])).toEqual(
      Array.from({ length: 12 }, (_, number) => `m${number}`),
    )
  })

  it('replaces what no engine would take', () => {
    const world = new World()
    chatting(world).send('a\0b\ud800c')
    expect(world.socket.frames('message')[0]?.['body']).toBe('a\ufffdb\ufffdc')
  })

  it('gives up only the message that is too large', () => {
    const world = new World()
    const client = chatting(world)
    client.send('short')
    client.send('x'.repeat(500))
    world.socket.says('error', { slug: 'too-large', detail: '' })
    expect(client.state.lines.map((line) => line.state)).toEqual(['sending', 'failed'])
    world.socket.drop(1009)
    world.pass(3_000)
    world.socket.opened()
    expect(world.socket.frames('message').map((frame) => frame['body'])).toEqual(['short'])
  })
})

describe('connection', () => {
  it.each([1001, 1006, 1011, 1012, 1013])('comes back after %i', (code) => {
    const world = new World()
    const client = chatting(world)
    world.socket.drop(code)
    expect(client.state.connection).toBe('waiting')
    world.pass(500)
    world.socket.opened()
    expect(client.state.connection).toBe('online')
  })

  it('waits longer each time, up to 20 s, and begins anew after success', () => {
    const world = new World()
    chatting(world)
    const delays: number[] = []
    for (let attempt = 0; attempt < 9; attempt += 1) {
      const dialled = world.sockets.length
      world.socket.drop(1006)
      let waited = 0
      while (world.sockets.length === dialled) {
        world.pass(100)
        waited += 100
      }
      delays.push(waited)
    }
    expect(delays).toEqual([...delays].sort((one, other) => one - other))
    expect(delays.at(-1)).toBe(15_000)
    world.socket.opened()
    world.socket.drop(1006)
    world.pass(400)
    expect(world.socket.closed).toBe(false)
  })

  it('notices a line that has gone dead', () => {
    const world = new World()
    const client = chatting(world)
    world.pass(25_000)
    expect(world.socket.frames('ping')).toHaveLength(1)
    world.socket.says('pong')
    world.pass(25_000)
    expect(world.socket.frames('ping')).toHaveLength(2)
    world.pass(9_999)
    expect(client.state.connection).toBe('online')
    world.pass(1)
    expect(client.state.connection).toBe('waiting')
  })

  it('hurries when the network comes back', () => {
    const world = new World()
    const client = chatting(world)
    world.socket.drop(1006)
    client.hurry()
    expect(world.sockets).toHaveLength(2)
  })

  it('waits as long as it is told', () => {
    const world = new World()
    const client = chatting(world)
    client.send('fast')
    world.socket.says('error', { slug: 'too-fast', detail: '', retry_after_ms: 4_000 })
    world.socket.drop(1008)
    world.pass(3_900)
    expect(world.sockets).toHaveLength(1)
    world.pass(200)
    world.socket.opened()
    world.pass(700)
    expect(world.socket.frames('message')).toHaveLength(1)
  })

  it('ignores what an old socket still says', () => {
    const world = new World()
    const client = chatting(world)
    const old = world.socket
    old.drop(1006)
    world.pass(500)
    world.socket.opened()
    old.entry(9, 'agent', 'ghost')
    expect(bodies(client.state)).toEqual([])
  })

  it('survives nonsense', () => {
    const world = new World()
    const client = chatting(world)
    for (const data of ['', '{', '[]', 'null', '{"type":5}', '{"type":"news"}', '{"type":"entry"}', 5, null]) {
      world.socket.onmessage?.(data)
    }
    world.socket.says('entry', { entry: { seq: -1, author: 'agent' } })
    world.socket.says('entry', { entry: { seq: 1, author: 'robot' } })
    expect(client.state.phase).toBe('chat')
    expect(client.state.lines).toHaveLength(0)
  })
})

describe('the end', () => {
  it('comes from the visitor, now or as soon as there is a connection', () => {
    const world = new World()
    const client = chatting(world)
    world.socket.drop(1006)
    client.end()
    world.socket.opened()
    expect(world.socket.frames('end')).toHaveLength(1)
    world.socket.says('ended', { reason: 'visitor' })
    expect(client.state.phase).toBe('ended')
    expect(world.socket.closed).toBe(true)
    world.pass(60_000)
    expect(world.sockets).toHaveLength(2)
  })

  it('leaves nothing to send and a form for the next chat', async () => {
    const world = new World()
    const client = chatting(world)
    client.send('too late')
    world.socket.says('error', { slug: 'interaction-closed', detail: '' })
    expect(client.state.phase).toBe('ended')
    expect(client.state.lines[0]?.state).toBe('failed')
    expect(world.memory.unsent('token-1')).toHaveLength(0)
    client.startOver()
    await settled()
    expect(client.state.phase).toBe('form')
    client.open(FORM, '')
    world.socket.onopen?.()
    expect(world.socket.sent[0]?.['token']).not.toBe('token-1')
  })

  it('is not resumed by the next page', () => {
    const world = new World()
    chatting(world)
    world.socket.says('ended', { reason: 'agent' })
    const next = world.client()
    next.start()
    expect(world.sockets).toHaveLength(1)
  })

  it('of a chat that nobody knows is a new form', async () => {
    const world = new World()
    chatting(world)
    const next = world.client()
    next.start()
    world.socket.onopen?.()
    world.socket.says('error', { slug: 'unknown-session', detail: '' })
    await settled()
    expect(next.state).toMatchObject({ phase: 'form', error: 'unknown-session' })
    expect(world.memory.session()).toBeNull()
  })
})

describe('the channel', () => {
  it('is described in the language of the page, and anew when that changes', async () => {
    const world = new World()
    world.info = () =>
      Promise.resolve({
        name: 'Shop', names: { 'zh-CN': '商店' }, greeting: 'Hi', greetings: {}, state: 'open',
        topics: [{ key: 'a', name: 'Order', names: { en: 'Order', 'zh-CN': '订单' } }],
      })
    const client = world.client()
    client.prepare()
    await settled()
    expect(client.state.info).toMatchObject({ name: 'Shop', greeting: 'Hi', topics: [{ name: 'Order' }] })
    client.setLocale('zh-CN')
    expect(client.state.info).toMatchObject({ name: '商店', greeting: 'Hi', topics: [{ name: '订单' }] })
  })
})

describe('nobody there', () => {
  it('offers the form at once when the channel says so', async () => {
    const world = new World()
    world.info = () => Promise.resolve({ state: 'closed' })
    const client = world.client()
    client.prepare()
    await settled()
    expect(client.state).toMatchObject({ phase: 'offline', offlineReason: 'closed' })
  })

  it('keeps what was typed when the answer to an open is offline', () => {
    const world = new World()
    const client = world.client()
    client.open(FORM, 'Hello')
    world.socket.onopen?.()
    world.socket.says('offline', { reason: 'unstaffed', form: [] })
    expect(client.state).toMatchObject({ phase: 'offline', offlineReason: 'unstaffed', busy: false })
    expect(client.state.draft).toEqual({ form: FORM, body: 'Hello' })
    expect(client.state.lines).toHaveLength(0)
  })

  it.each([
    ['message', 'message'],
    ['callback', 'callback'],
    ['full', 'later'],
    ['closed', 'later'],
  ])('offers what an overflow says: %s', (reason, instead) => {
    const world = new World()
    const client = chatting(world)
    world.socket.says('ended', { reason })
    expect(client.state).toMatchObject({ phase: 'offline', instead })
  })

  it('says what the queue says, in the language of the page', async () => {
    const world = new World()
    world.info = () => Promise.resolve({ state: 'closed', text: 'From nine on.', texts: { 'zh-CN': '九点开始。' } })
    const client = world.client()
    client.setLocale('zh-CN')
    client.prepare()
    await settled()
    expect(client.state).toMatchObject({ phase: 'offline', note: '九点开始。' })
    const other = new World()
    const turned = chatting(other)
    other.socket.says('ended', { reason: 'message', text: 'We are full.' })
    expect(turned.state).toMatchObject({ phase: 'offline', note: 'We are full.' })
  })

  it('names the chat that was turned away when a message is left, so that both are one case', () => {
    const world = new World()
    const client = chatting(world)
    const token = world.memory.session()?.token
    world.socket.says('ended', { reason: 'message' })
    client.leave(FORM, 'Write to me')
    world.socket.onopen?.()
    expect(world.socket.sent[0]).toMatchObject({ type: 'leave', after: token })
    expect(world.socket.sent[0]).not.toMatchObject({ token })
  })

  it('asks to be called back', () => {
    const world = new World()
    const client = world.client()
    client.open(FORM, 'Hello')
    world.socket.onopen?.()
    world.socket.says('offline', { reason: 'closed', form: ['name', 'email', 'phone', 'topic', 'body'] })
    expect(client.state.instead).toBe('callback')
    client.leave({ ...FORM, phone: '+49 30 1' }, 'Hello')
    world.socket.onopen?.()
    expect(world.socket.sent[0]).toMatchObject({ type: 'leave', callback: true, form: { phone: '+49 30 1' } })
  })

  it('asks for no callback where none is offered', () => {
    const world = new World()
    const client = world.client()
    client.leave(FORM, 'Hello')
    world.socket.onopen?.()
    expect(world.socket.sent[0]).not.toHaveProperty('callback')
  })

  it('tells how long the wait is, as people say it', () => {
    const world = new World()
    const client = chatting(world)
    const told = [[0, 1], [2, 4], [5, 5]].map(([low = 0, high = 0]) => {
      world.socket.says('position', { position: 2, wait: { low_ms: low * 60_000, high_ms: high * 60_000 } })
      return client.state.wait
    })
    world.socket.says('position', { position: 2 })
    expect([...told, client.state.wait]).toEqual(['1', '2–4', '5', ''])
  })

  it('offers the form when a chat is refused, with what was typed', () => {
    const world = new World()
    const client = chatting(world)
    world.socket.says('ended', { reason: 'refused' })
    expect(client.state).toMatchObject({ phase: 'offline', offlineReason: 'unstaffed' })
    expect(world.memory.session()).toBeNull()
    client.leave(FORM, 'Call me')
    world.socket.onopen?.()
    expect(world.socket.sent[0]).toMatchObject({ type: 'leave', body: 'Call me' })
  })

  it('leaves the message once, however often the connection drops', () => {
    const world = new World()
    const client = world.client()
    client.leave(FORM, 'Call me')
    world.socket.onopen?.()
    const first = world.socket.sent[0]
    expect(first).toMatchObject({ type: 'leave', body: 'Call me', client_id: 'id-1' })
    expect(client.state.busy).toBe(true)
    world.socket.drop(1006)
    world.pass(1_000)
    world.socket.onopen?.()
    expect(world.socket.sent[0]).toEqual(first)
    world.socket.says('left_message', { case_number: 7 })
    expect(client.state).toMatchObject({ phase: 'left', caseNumber: 7 })
    expect(world.memory.session()).toBeNull()
  })

  it.each([
    [404, 'unknown-channel'],
    [403, 'origin-refused'],
  ])('says why on %i', async (status, error) => {
    const world = new World()
    world.info = () => Promise.reject({ status })
    const client = world.client()
    client.prepare()
    await settled()
    expect(client.state).toMatchObject({ phase: 'refused', error })
  })

  it('keeps asking an engine that does not answer', async () => {
    const world = new World()
    const answer = world.info
    world.info = () => Promise.reject(new TypeError('down'))
    const client = world.client()
    client.prepare()
    await settled()
    expect(client.state).toMatchObject({ phase: 'loading', error: 'unavailable' })
    world.info = answer
    world.pass(2_000)
    await settled()
    expect(client.state).toMatchObject({ phase: 'form', error: '' })
  })
})

describe('reading', () => {
  it('tells what has arrived, once for many lines', () => {
    const world = new World()
    chatting(world)
    for (const seq of [1, 2, 3]) world.socket.entry(seq, 'agent', 'x')
    world.pass(200)
    expect(world.socket.frames('received').map((frame) => frame['seq'])).toEqual([3])
    expect(world.socket.frames('read')).toHaveLength(0)
  })

  it('counts unread until somebody looks', () => {
    const world = new World()
    const client = chatting(world)
    world.socket.entry(1, 'agent', '', { kind: 'joined', name: 'Ana' })
    world.socket.entry(2, 'agent', 'Hello')
    expect(client.state).toMatchObject({ unread: 1, agent: 'Ana' })
    expect(client.state.lines[0]?.author).toBe('system')
    client.watch(true)
    expect(client.state.unread).toBe(0)
    expect(world.socket.frames('read').map((frame) => frame['seq'])).toEqual([2])
    const reloaded = world.client()
    reloaded.start()
    world.socket.opened(2)
    world.socket.entry(2, 'agent', 'Hello')
    expect(reloaded.state).toMatchObject({ unread: 0, historySeq: 2 })
  })

  it('shows place and typing until an agent comes', () => {
    const world = new World()
    const client = chatting(world)
    world.socket.says('position', { position: 4 })
    expect(client.state.position).toBe(4)
    world.socket.entry(1, 'system', '', { kind: 'joined', name: 'Ana' })
    expect(client.state.position).toBe(0)
    world.socket.says('typing', { on: true, name: 'Ana' })
    expect(client.state.typing).toBe('Ana')
    world.pass(8_000)
    expect(client.state.typing).toBeNull()
  })

  it('tells of typing at most every 3 s', () => {
    const world = new World()
    const client = chatting(world)
    for (let count = 0; count < 5; count += 1) client.setTyping(true)
    world.pass(3_000)
    client.setTyping(true)
    client.setTyping(false)
    client.setTyping(false)
    expect(world.socket.frames('typing').map((frame) => frame['on'])).toEqual([true, true, false])
  })
})

describe('two tabs', () => {
  it('show the same chat, and each sends its own messages', () => {
    const world = new World()
    const one = chatting(world)
    const first = world.socket
    const two = world.client()
    two.start()
    const second = world.socket
    second.opened()
    two.send('from two')
    expect(first.frames('message')).toHaveLength(0)
    const id = second.frames('message')[0]?.['client_id']
    for (const socket of [first, second]) socket.entry(1, 'visitor', 'from two', { client_id: id })
    expect(bodies(one.state)).toEqual(['from two'])
    expect(bodies(two.state)).toEqual(['from two'])
  })

  it('a tab that was waiting joins the chat that another began', () => {
    const world = new World()
    const two = world.client()
    two.start()
    chatting(world)
    two.sessionChanged()
    expect(world.sockets).toHaveLength(2)
    world.socket.opened(1)
    expect(two.state.phase).toBe('chat')
  })
})
