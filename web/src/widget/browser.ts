// The browser behind the protocol client's ports.

import type { Ports } from './client'
import type { SocketPort } from './link'

const INFO_TIMEOUT_MS = 8_000

export function browserPorts(base: string, org: string, channel: string): Ports {
  const address = new URL(`chat/${encodeURIComponent(org)}/${encodeURIComponent(channel)}`, base)
  return {
    connect: () => openSocket(`${address.href.replace(/^http/, 'ws')}/socket`),
    fetchInfo: () => fetchInfo(address.href),
    now: () => Date.now(),
    random: () => Math.random(),
    after: (ms, action) => {
      const timer = setTimeout(action, ms)
      return () => clearTimeout(timer)
    },
    newToken: () => randomText(32),
    newId: () => randomText(16), // randomUUID is missing on pages without TLS
  }
}

/** Draw random bytes, as base64url: 32 bytes give 43 characters. */
export function randomText(bytes: number): string {
  const values = crypto.getRandomValues(new Uint8Array(bytes))
  return btoa(String.fromCharCode(...values)).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
}

async function fetchInfo(address: string): Promise<unknown> {
  const abort = new AbortController()
  const timer = setTimeout(() => abort.abort(), INFO_TIMEOUT_MS)
  try {
    const answer = await fetch(address, { credentials: 'omit', signal: abort.signal })
    if (!answer.ok) throw { status: answer.status }
    return (await answer.json()) as unknown
  } finally {
    clearTimeout(timer)
  }
}

function openSocket(address: string): SocketPort {
  let socket: WebSocket | null = null
  const port: SocketPort = {
    onopen: null,
    onmessage: null,
    onclose: null,
    send: (text) => {
      if (socket?.readyState === WebSocket.OPEN) socket.send(text)
    },
    close: () => socket?.close(),
  }
  try {
    socket = new WebSocket(address)
    socket.onopen = () => port.onopen?.()
    socket.onmessage = (event) => port.onmessage?.(event.data)
    socket.onclose = (event) => port.onclose?.(event.code)
  } catch {
    setTimeout(() => port.onclose?.(1006)) // a page whose policy forbids the connection
  }
  return port
}
