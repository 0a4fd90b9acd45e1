// The wallboard's live figures and alerts.
import { defineStore } from 'pinia'
import { computed, markRaw, ref, shallowRef } from 'vue'
import * as engine from '@/shared/engine'
import { inLanguage } from '@/shared/i18n'
import { useSession } from '@/shared/session'
import { AgentSocket, socketAddress, type Link } from '@/shared/socket'
import { useToasts } from '@/shared/toasts'
import type { Alert, BoardFrame, Frame, HelloFrame, Lists, Named } from '@/shared/wire'
import { totals } from './figures'

const MOST_ALERTS = 20

function namesOf(all: readonly Named[]): Map<string, string> {
  return new Map(all.map((one) => [one.key, inLanguage(one).name]))
}

export const useBoard = defineStore('board', () => {
  const session = useSession()
  const toasts = useToasts()
  const link = ref<Link>({ state: 'closed', retryAt: 0 })
  const figures = shallowRef<BoardFrame | null>(null)
  const lists = shallowRef<Pick<Lists, 'queues' | 'statuses'>>({ queues: [], statuses: [] })
  const queueNames = computed(() => namesOf(lists.value.queues))
  const statusNames = computed(() => namesOf(lists.value.statuses))
  /** The figures, with names in the page's language. */
  const board = computed<BoardFrame | null>(() => figures.value && {
    ...figures.value,
    queues: figures.value.queues.map((one) => ({ ...one, name: queueNames.value.get(one.key) ?? one.name })),
    agents: figures.value.agents.map((one) => ({
      ...one, statusName: statusNames.value.get(one.status) ?? one.statusName,
    })),
  })
  const alerts = ref<Alert[]>([])
  const open = computed(() => alerts.value.filter((alert) => alert.acknowledgedAt === 0))
  const sums = computed(() => totals(board.value?.queues ?? [], board.value?.agents ?? []))

  // Raw: a reactive proxy could not reach the private fields.
  const socket = markRaw(new AgentSocket({
    url: socketAddress,
    open: (url) => new WebSocket(url),
    onFrame: receive,
    onLink: (fresh) => (link.value = fresh),
    mayRetry: () => session.holds(),
  }))

  function receive(frame: Frame): void {
    if (frame.type === 'hello') greeted(frame)
    else if (frame.type === 'board') figures.value = frame
    else if (frame.type === 'config') void engine.lists().then((fresh) => (lists.value = fresh), () => undefined)
    else if (frame.type === 'alert') raise([frame.alert, ...alerts.value])
    else if (frame.type === 'error') toasts.show('danger', frame.detail || frame.slug)
  }

  function greeted(frame: HelloFrame): void {
    lists.value = frame
    socket.send({ type: 'watch', topic: 'board', on: true })
    void loadAlerts()
  }

  function raise(all: Alert[]): void {
    const byId = new Map(all.map((alert) => [alert.id, alert]))
    const sorted = Array.from(byId.values()).sort((one, other) => other.at - one.at)
    alerts.value = sorted.slice(0, MOST_ALERTS)
  }

  async function loadAlerts(): Promise<void> {
    await toasts.attempt(async () => raise(await engine.alerts()))
  }

  async function acknowledge(alert: Alert): Promise<void> {
    const done = await toasts.attempt(() => engine.acknowledge(alert.id))
    if (done) alerts.value = alerts.value.filter((one) => one.id !== alert.id)
  }

  async function steer(queue: string, word: string): Promise<void> {
    const known = (['pause', 'drain', 'resume'] as const).find((one) => one === word)
    if (known) await toasts.attempt(() => engine.steerQueue(queue, known))
  }

  function queueName(key: string): string {
    return board.value?.queues.find((queue) => queue.key === key)?.name ?? key
  }

  function start(): void {
    socket.start()
  }

  function stop(): void {
    socket.stop()
    figures.value = null
    alerts.value = []
  }

  return { link, board, open, sums, socket, queueName, acknowledge, steer, start, stop }
})
