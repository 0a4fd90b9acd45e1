// Bring a file to the engine piece by piece; where the line breaks go on where the engine says.
import { backoff } from '@/shared/backoff'
import { Problem } from '@/shared/problem'
import { cancelImport, readImport, sendPiece, startImport, type Import, type ImportOptions } from '@/shared/transfers'

export const PIECE_BYTES = 8_388_608
const TRIES = 12

export interface UploadParts {
  start: typeof startImport
  send: typeof sendPiece
  read: typeof readImport
  cancel: typeof cancelImport
  wait: (ms: number) => Promise<void>
}

const REAL: UploadParts = {
  start: startImport, send: sendPiece, read: readImport, cancel: cancelImport,
  wait: (ms) => new Promise((done) => setTimeout(done, ms)),
}

const mayPass = (problem: unknown): boolean =>
  problem instanceof Problem && (['wrong-offset', 'file-complete'].includes(problem.slug) || problem.status >= 500)

/** Bring all of a file; ``progress`` hears the share that is there. What is refused or given up leaves no import that waits for more. */
export async function upload(
  file: File, options: ImportOptions, progress: (share: number) => void, signal: AbortSignal, parts: UploadParts = REAL,
): Promise<Import> {
  let one = await parts.start(options, file.name)
  try {
    for (let tries = 0; one.state === 'receiving'; ) {
      const offset = one.received
      const piece = file.slice(offset, offset + PIECE_BYTES)
      const complete = offset + piece.size >= file.size
      const told = (bytes: number): void => progress(file.size ? Math.min(1, (offset + bytes) / file.size) : 1)
      try {
        one = await parts.send(one.id, piece, { offset, complete }, told, signal)
        tries = 0
      } catch (problem) {
        tries += 1
        if (signal.aborted || !mayPass(problem) || tries >= TRIES) throw problem
        await parts.wait(backoff(tries, { baseMs: 250, capMs: 3_000 }))
        one = await parts.read(one.id)
      }
    }
    return one
  } catch (problem) {
    await parts.cancel(one.id).catch(() => undefined)
    throw problem
  }
}
