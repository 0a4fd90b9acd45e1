// The proof of work that a form's token asks for: a number for which SHA-256 of "<token>.<number>" begins with so many
// zero bits. `solve` stands alone, so that its text can run in a worker; crypto.subtle is slow for short texts, and is
// not there on pages without TLS.

/** Look for the number from `from` on, at most `count` tries; -1 when it is not among them. */
export function solve(token: string, bits: number, from: number, count: number): number {
  // The first 32 bits of the fractional parts of the cube roots of the first 64 primes, and of the square roots of the
  // first 8 (FIPS 180-4, 4.2.2 and 5.3.3).
  const k: number[] = []
  const start: number[] = []
  const fraction = (value: number): number => ((value - Math.floor(value)) * 4294967296) | 0
  for (let candidate = 2; k.length < 64; candidate += 1) {
    let prime = true
    for (let divisor = 2; divisor * divisor <= candidate; divisor += 1) if (candidate % divisor === 0) prime = false
    if (!prime) continue
    if (start.length < 8) start.push(fraction(Math.sqrt(candidate)))
    k.push(fraction(Math.cbrt(candidate)))
  }
  const w = new Int32Array(64)
  const first = (text: string): number => {
    const length = text.length
    const blocks = ((length + 8) >> 6) + 1
    const words = new Int32Array(blocks * 16)
    for (let i = 0; i < length; i += 1) words[i >> 2]! |= text.charCodeAt(i) << (24 - (i & 3) * 8)
    words[length >> 2]! |= 0x80 << (24 - (length & 3) * 8)
    words[blocks * 16 - 1] = length * 8
    const h = Int32Array.from(start)
    for (let block = 0; block < blocks; block += 1) {
      for (let i = 0; i < 64; i += 1) {
        if (i < 16) {
          w[i] = words[block * 16 + i]!
          continue
        }
        const a = w[i - 15]!
        const b = w[i - 2]!
        const s0 = ((a >>> 7) | (a << 25)) ^ ((a >>> 18) | (a << 14)) ^ (a >>> 3)
        const s1 = ((b >>> 17) | (b << 15)) ^ ((b >>> 19) | (b << 13)) ^ (b >>> 10)
        w[i] = (w[i - 16]! + s0 + w[i - 7]! + s1) | 0
      }
      let [a, b, c, d, e, f, g, last] = h as unknown as [number, number, number, number, number, number, number, number]
      for (let i = 0; i < 64; i += 1) {
        const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))
        const t1 = (last + s1 + ((e & f) ^ (~e & g)) + k[i]! + w[i]!) | 0
        const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))
        const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
        last = g
        g = f
        f = e
        e = (d + t1) | 0
        d = c
        c = b
        b = a
        a = (t1 + t2) | 0
      }
      const now = [a, b, c, d, e, f, g, last]
      for (let i = 0; i < 8; i += 1) h[i] = (h[i]! + now[i]!) | 0
    }
    return h[0]! >>> 0
  }
  for (let number = from; number < from + count; number += 1) {
    if (bits === 0 || first(`${token}.${number}`) >>> (32 - bits) === 0) return number
  }
  return -1
}

const SLICE = 500

/** Do the work beside the page, or, where it lets no worker in, in small pieces between what the visitor does. */
export function work(token: string, bits: number, signal: AbortSignal): Promise<number> {
  return inWorker(token, bits, signal).catch(() => inPieces(token, bits, signal))
}

function inWorker(token: string, bits: number, signal: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    const source = `onmessage=e=>postMessage((${solve.toString()})(e.data[0],e.data[1],0,1e9))`
    const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }))
    const worker = new Worker(url)
    const end = (): void => {
      worker.terminate()
      URL.revokeObjectURL(url)
    }
    signal.addEventListener('abort', end)
    worker.onmessage = (event: MessageEvent<number>) => {
      end()
      resolve(event.data)
    }
    worker.onerror = (event) => {
      event.preventDefault()
      end()
      reject(new Error('no worker'))
    }
    worker.postMessage([token, bits])
  })
}

async function inPieces(token: string, bits: number, signal: AbortSignal): Promise<number> {
  for (let from = 0; !signal.aborted; from += SLICE) {
    const found = solve(token, bits, from, SLICE)
    if (found >= 0) return found
    await new Promise((resume) => setTimeout(resume))
  }
  return -1
}
