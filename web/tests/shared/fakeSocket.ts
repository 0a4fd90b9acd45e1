// A WebSocket that the test holds both ends of: the page's sockets are tested without a network.

export class FakeSocket {
  readyState = 0
  readonly sent: Record<string, unknown>[] = []
  onopen: (() => void) | null = null
  onmessage: ((event: { data: string }) => void) | null = null
  onclose: ((event: { code: number }) => void) | null = null

  constructor(readonly url: string) {}

  send(text: string): void {
    this.sent.push(JSON.parse(text) as Record<string, unknown>)
  }

  close(): void {
    this.readyState = 3
  }

  accept(): void {
    this.readyState = 1
    this.onopen?.()
  }

  tell(frame: Record<string, unknown>): void {
    this.onmessage?.({ data: JSON.stringify(frame) })
  }

  greet(): void {
    this.accept()
    this.tell({ type: 'hello', heartbeat_ms: 1_000 })
  }

  die(code = 1006): void {
    this.readyState = 3
    this.onclose?.({ code })
  }

  types(): unknown[] {
    return this.sent.map((frame) => frame['type'])
  }
}
