// One conversation the agent holds, and how each frame changes it (pure).
import type {
  Case, Contact, ConversationFrame, Entry, HeldItem, Interaction, Visitor,
} from '@/shared/wire'
import { lastSeq, merge } from './transcript'

export interface Conversation {
  interaction: Interaction
  contact: Contact
  case: Case | null
  entries: Entry[]
  /** The highest entry number anybody has told of. */
  toldSeq: number
  visitor: Visitor
  /** Until when the visitor counts as typing. */
  typingUntil: number
  readSeq: number
}

/** What the desk lists: the item held, with its conversation once that has come. */
export interface Held {
  item: HeldItem
  conversation: Conversation | undefined
}

/** What an item is selected by: its conversation, or itself where it has none of its own. */
export function keyOf(item: HeldItem): string {
  return item.work || !item.interactionId ? item.itemId : item.interactionId
}

export function opened(frame: ConversationFrame, before?: Conversation): Conversation {
  const entries = merge(before?.entries ?? [], frame.entries)
  return {
    interaction: frame.interaction,
    contact: frame.contact,
    case: frame.case,
    entries,
    toldSeq: Math.max(before?.toldSeq ?? 0, frame.interaction.lastSeq, lastSeq(entries)),
    visitor: frame.visitor,
    typingUntil: before?.typingUntil ?? 0,
    readSeq: Math.max(before?.readSeq ?? 0, frame.interaction.agentReadSeq),
  }
}

export function withEntry(before: Conversation, entry: Entry): Conversation {
  const stops = entry.author === 'visitor' || entry.kind === 'ended'
  return {
    ...before,
    entries: merge(before.entries, [entry]),
    toldSeq: Math.max(before.toldSeq, entry.seq),
    typingUntil: stops ? 0 : before.typingUntil,
    interaction:
      entry.kind === 'ended' ? { ...before.interaction, state: 'closed' } : before.interaction,
  }
}

export function withReceipt(
  before: Conversation, receivedSeq: number, readSeq: number,
): Conversation {
  const { visitor } = before
  return {
    ...before,
    visitor: {
      ...visitor,
      receivedSeq: Math.max(visitor.receivedSeq, receivedSeq),
      readSeq: Math.max(visitor.readSeq, readSeq),
    },
  }
}

export type Tick = 'sent' | 'delivered' | 'read'

/** Say how far an entry of the agent's has come with the visitor. */
export function tickOf(entry: Entry, visitor: Visitor): Tick {
  if (entry.seq <= visitor.readSeq) return 'read'
  return entry.seq <= visitor.receivedSeq ? 'delivered' : 'sent'
}
