// Mails that were read, for as long as the page is open: what was received never changes but where it stands.
import { shallowReactive } from 'vue'
import { readMail, type Mail } from './mail'

const MOST = 300
const known = shallowReactive(new Map<string, Mail>())
const asked = new Map<string, Promise<void>>()

/** Return a mail if it is known here. */
export const knownMail = (id: string): Mail | undefined => known.get(id)

/** Read a mail, once however many ask; ``anew`` also one that is known. Throws a Problem. */
export function learn(id: string, anew = false): Promise<void> {
  if (!anew && known.has(id)) return Promise.resolve()
  const before = asked.get(id)
  if (before) return before
  const reading = readMail(id).then((one) => keep(one)).finally(() => asked.delete(id))
  asked.set(id, reading)
  return reading
}

export function keep(one: Mail): void {
  known.delete(one.id)
  known.set(one.id, one)
  const oldest = known.keys().next().value
  if (known.size > MOST && oldest !== undefined) known.delete(oldest)
}
