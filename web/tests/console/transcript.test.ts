import { describe, expect, it } from 'vitest'
import { opened, tickOf, withEntry, withReceipt } from '@/console/conversation'
import { layOut } from '@/console/lines'
import { lastSaid, merge, missingAfter, unread } from '@/console/transcript'
import type { ConversationFrame, Entry } from '@/shared/wire'

const START = Date.UTC(2026, 10, 22, 12)

function entry(seq: number, more: Partial<Entry> = {}): Entry {
  return {
    id: `e${seq}`, seq, kind: 'message', author: 'visitor', authorId: '', name: 'Vera',
    clientId: '', body: `text ${seq}`, at: START + seq * 1_000, data: {}, ...more,
  }
}

function frame(entries: Entry[], lastSeq: number): ConversationFrame {
  return {
    type: 'conversation', itemId: 'w', entries, case: null,
    interaction: {
      id: 'i', channel: 'web', topic: '', locale: 'en', state: 'open', contactId: 'c', caseId: '',
      lastSeq, agentReadSeq: 1, openedAt: START, closedAt: 0, closeReason: '',
    },
    contact: { id: 'c', name: 'Vera', email: '', language: 'en', createdAt: 0 },
    visitor: { online: true, receivedSeq: 1, readSeq: 0 },
  }
}

const seqs = (entries: Entry[]): number[] => entries.map((one) => one.seq)

describe('a transcript', () => {
  it('has each entry once, in order, whatever order they come in', () => {
    const merged = merge([entry(1), entry(4)], [entry(3), entry(4, { body: 'newer' }), entry(2)])
    expect(seqs(merged)).toEqual([1, 2, 3, 4])
    expect(merged[3]?.body).toBe('newer')
  })

  it('knows what is missing: at the start, in the middle, at the end', () => {
    expect(missingAfter([], 0)).toBeNull()
    expect(missingAfter([entry(1), entry(2)], 2)).toBeNull()
    expect(missingAfter([entry(201)], 201)).toBe(0)
    expect(missingAfter([entry(1), entry(2), entry(5)], 5)).toBe(2)
    expect(missingAfter([entry(1), entry(2)], 4)).toBe(2)
  })

  it('counts only what the visitor said as unread', () => {
    const entries = [
      entry(1), entry(2, { kind: 'joined', author: 'agent' }),
      entry(3, { author: 'agent' }), entry(4), entry(5, { kind: 'ended', author: 'visitor' }),
    ]
    expect(unread(entries, 0)).toBe(2)
    expect(unread(entries, 1)).toBe(1)
    expect(lastSaid(entries)?.seq).toBe(4)
  })
})

describe('a conversation', () => {
  it('keeps what it had when it is opened again after a reconnect', () => {
    const before = withEntry(opened(frame([entry(1), entry(2)], 2)), entry(3))
    const after = opened(frame([entry(5), entry(6)], 6), before)
    expect(seqs(after.entries)).toEqual([1, 2, 3, 5, 6])
    expect(missingAfter(after.entries, after.toldSeq)).toBe(3)
  })

  it('shows how far messages have come, and never goes back', () => {
    let conversation = opened(frame([entry(1), entry(2, { author: 'agent' })], 2))
    const mine = conversation.entries[1] as Entry
    expect(tickOf(mine, conversation.visitor)).toBe('sent')
    conversation = withReceipt(conversation, 2, 0)
    expect(tickOf(mine, conversation.visitor)).toBe('delivered')
    conversation = withReceipt(withReceipt(conversation, 2, 2), 1, 1)
    expect(tickOf(mine, conversation.visitor)).toBe('read')
  })

  it('is closed by its last line, and nobody types any more', () => {
    const typing = { ...opened(frame([entry(1)], 1)), typingUntil: START }
    const ended = withEntry(typing, entry(2, { kind: 'ended', author: 'system' }))
    expect(ended.interaction.state).toBe('closed')
    expect(ended.typingUntil).toBe(0)
  })
})

describe('the lay-out', () => {
  it('puts bubbles together and starts each day with a line', () => {
    const lines = layOut([
      entry(1), entry(2), entry(3, { author: 'agent', authorId: 'u1' }),
      entry(4, { kind: 'joined', author: 'agent' }), entry(5),
      entry(6, { at: START + 86_400_000 }),
    ])
    expect(lines.map((line) => line.type)).toEqual([
      'day', 'bubble', 'bubble', 'bubble', 'system', 'bubble', 'day', 'bubble',
    ])
    expect(lines[1]).toMatchObject({ first: true, last: false })
    expect(lines[2]).toMatchObject({ first: false, last: true })
  })
})
