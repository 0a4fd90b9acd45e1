// Addresses as people type and paste them (pure): "Vera <vera@example.com>; bob@example.com".
import type { Mailbox } from './mail'

// One @, no blanks, a domain of parts: what no server takes is found here, the rest by the engine.
const ADDRESS = /^[^\s@<>(),;:"]+@[^\s@<>(),;:".]+(\.[^\s@<>(),;:".]+)*$/

export const isAddress = (text: string): boolean => text.length <= 320 && ADDRESS.test(text)

/** Split at commas, semicolons and ends of lines that stand in no quotation marks. */
function pieces(text: string): string[] {
  return (text.match(/("[^"]*"|[^",;\n])+/g) ?? []).map((one) => one.trim()).filter(Boolean)
}

function boxOf(piece: string): Mailbox {
  const [, name = '', email = ''] = /^(.*)<([^<>]*)>$/.exec(piece) ?? []
  return email ? { email: email.trim(), name: name.trim().replace(/^"|"$/g, '') } : { email: piece, name: '' }
}

export interface Typed {
  found: Mailbox[]
  /** What is no address, as it was typed. */
  wrong: string[]
}

export function addressesIn(text: string): Typed {
  const all = pieces(text)
  const wrong = all.filter((one) => !isAddress(boxOf(one).email))
  return { found: all.filter((one) => !wrong.includes(one)).map(boxOf), wrong }
}

/** Put addresses behind those there, each once. */
export function withAddresses(there: readonly Mailbox[], more: readonly Mailbox[]): Mailbox[] {
  const known = new Map([...there, ...more].reverse().map((one) => [one.email.toLowerCase(), one]))
  return [...known.values()].reverse()
}
