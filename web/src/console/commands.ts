// Commands sent over the agent's socket. Whatever is not answered with "done" (refused, lost with
// the connection, not heard of in time) is the caller's to send over HTTP, which says why or
// tries again: a command that is fenced by its assignment does its work once however often it is
// sent.

export interface CommandParts {
  send: (frame: Record<string, unknown>) => boolean
  newId: () => string
  patienceMs?: number
}

export function makeCommands(parts: CommandParts) {
  const patienceMs = parts.patienceMs ?? 3_000
  const waiting = new Map<string, (done: boolean) => void>()

  /** Send a command; tell whether the engine has carried it out. */
  function ask(command: Record<string, unknown>): Promise<boolean> {
    const clientId = parts.newId()
    if (!parts.send({ ...command, client_id: clientId })) return Promise.resolve(false)
    return new Promise((resolve) => {
      const timer = setTimeout(() => settle(clientId, false), patienceMs)
      waiting.set(clientId, (done) => {
        clearTimeout(timer)
        resolve(done)
      })
    })
  }

  /** Take an answer; false when it is to nothing that was asked here. */
  function settle(clientId: string, done: boolean): boolean {
    const answer = waiting.get(clientId)
    waiting.delete(clientId)
    answer?.(done)
    return answer !== undefined
  }

  /** The connection is lost: no answer comes any more. */
  function giveUp(): void {
    for (const clientId of [...waiting.keys()]) settle(clientId, false)
  }

  return { ask, settle, giveUp }
}
