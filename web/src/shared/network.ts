import type { AgentSocket } from './socket'

/** Tell the socket when the computer's network comes and goes; returns what stops it. */
export function watchNetwork(socket: AgentSocket): () => void {
  const back = (): void => socket.retryNow()
  const gone = (): void => socket.renew()
  const seen = (): void => {
    if (!document.hidden) socket.retryNow()
  }
  addEventListener('online', back)
  addEventListener('offline', gone)
  document.addEventListener('visibilitychange', seen)
  return () => {
    removeEventListener('online', back)
    removeEventListener('offline', gone)
    document.removeEventListener('visibilitychange', seen)
  }
}
