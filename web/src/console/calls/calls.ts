// The calls of the agent's telephones, and what each opens: once, and never over what he writes.
import { defineStore } from 'pinia'
import { ref } from 'vue'
import type { AgentCall, Match } from '@/shared/calls'
import { i18n } from '@/shared/i18n'
import { announceCall } from '../attention'

/** Where a match is shown. */
export function placeOf(match: Match): string {
  return `#/${match.kind}s/${encodeURIComponent(match.id)}`
}

/** Return who is on the telephone, as well as it is known. */
export function callerOf(call: AgentCall): string {
  const { t } = i18n.global
  return call.contactName || call.number || t(call.direction === 'internal' ? 'call.colleague' : 'call.withheld')
}

/** Say whether the agent is in the middle of something that another page would take from him. */
export function writing(): boolean {
  if (document.querySelector('dialog[open]')) return true
  const at = document.activeElement
  return (at instanceof HTMLTextAreaElement || at instanceof HTMLInputElement) && at.value !== ''
}

export const useCalls = defineStore('calls', () => {
  const calls = ref<AgentCall[]>([])
  /** The call whose customer gets his name now; it may be over before that is written. */
  const naming = ref<AgentCall | null>(null)
  const popped = new Set<string>()

  function take(fresh: AgentCall[]): void {
    calls.value = fresh
    for (const one of fresh) {
      if (popped.has(one.id)) continue
      popped.add(one.id)
      if (one.legState === 'ringing') announceCall(callerOf(one))
      open(one)
    }
  }

  /** Do what the call's channel says, unless the agent is writing: then it waits for his click. */
  function open(call: AgentCall): void {
    if (call.pop.action === 'url' && call.pop.url) window.open(call.pop.url, '_blank', 'noopener,noreferrer')
    if (writing()) return
    if (call.pop.open) location.hash = placeOf(call.pop.open)
    else if (call.pop.action === 'new' && call.contactId && !call.contactName) naming.value = call
  }

  function forget(): void {
    calls.value = []
    naming.value = null
    popped.clear()
  }

  return { calls, naming, take, forget }
})
