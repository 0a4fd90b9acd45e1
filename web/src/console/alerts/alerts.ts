// Alerts of whoever is signed in: those there were, those that come, and which of them are read.
import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import * as engine from '@/shared/engine'
import { problemWords, useToasts } from '@/shared/toasts'
import type { Alert } from '@/shared/wire'

export const MOST = 50

export const useAlerts = defineStore('alerts', () => {
  const toasts = useToasts()
  const alerts = shallowRef<Alert[]>([])
  const known = ref(false)
  const failed = ref('')
  const unread = computed(() => alerts.value.filter((one) => one.acknowledgedAt === 0))
  /** How many are unread, as the agent socket tells it; of the list it may lack some that were not read yet. */
  const count = ref(0)

  /** Put alerts into the list; one that was read here stays so. */
  function put(fresh: readonly Alert[]): void {
    const byId = new Map(fresh.map((one) => [one.id, one]))
    for (const one of alerts.value) {
      const newer = byId.get(one.id)
      if (!newer || (one.acknowledgedAt && !newer.acknowledgedAt)) byId.set(one.id, one)
    }
    alerts.value = [...byId.values()].sort((one, other) => other.at - one.at).slice(0, MOST)
  }

  async function load(): Promise<void> {
    try {
      put(await engine.alerts())
      ;[known.value, failed.value] = [true, '']
      count.value = unread.value.length
    } catch (problem) {
      failed.value = problemWords(problem).title
    }
  }

  /** Take an alert as it comes; say whether it is a new one. */
  function take(one: Alert): boolean {
    const fresh = !alerts.value.some((each) => each.id === one.id)
    if (fresh) put([one])
    return fresh
  }

  async function read(all: readonly Alert[]): Promise<void> {
    const meant = all.filter((one) => one.acknowledgedAt === 0)
    await toasts.attempt(async () => {
      for (const one of meant) {
        await engine.acknowledge(one.id)
        alerts.value = alerts.value.map((each) => (each.id === one.id ? { ...each, acknowledgedAt: Date.now() } : each))
        if (known.value) count.value = unread.value.length
      }
    })
  }

  function forget(): void {
    alerts.value = []
    count.value = 0
    known.value = false
  }

  return { alerts, unread, count, known, failed, load, take, read, forget }
})
