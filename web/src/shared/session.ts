// Who is signed in here.
import { defineStore } from 'pinia'
import { ref } from 'vue'
import * as engine from './engine'
import { adoptLocale } from './i18n'
import { Problem } from './problem'
import type { Signed } from './wire'

export type SessionState = 'unknown' | 'out' | 'in'

export const useSession = defineStore('session', () => {
  const state = ref<SessionState>('unknown')
  const signed = ref<Signed | null>(null)
  /** The session ended by itself: said on the log-in page. */
  const lapsed = ref(false)

  function take(fresh: Signed): void {
    engine.requester.csrf = fresh.csrf
    signed.value = fresh
    state.value = 'in'
    lapsed.value = false
    adoptLocale(fresh.user.locale)
  }

  function leave(byItself: boolean): void {
    engine.requester.csrf = ''
    signed.value = null
    lapsed.value = byItself && state.value === 'in'
    state.value = 'out'
  }

  engine.requester.onUnauthenticated = () => {
    if (state.value === 'in') leave(true)
  }

  engine.requester.renewCsrf = async () => take(await engine.me())

  /** Take up the session of an earlier visit, if there is one; throws when nobody answers. */
  async function resume(): Promise<void> {
    try {
      take(await engine.me())
    } catch (problem) {
      if (!(problem instanceof Problem) || problem.status !== 401) throw problem
      leave(false)
    }
  }

  async function logIn(login: string, password: string): Promise<void> {
    const organisation = new URLSearchParams(location.search).get('org') ?? ''
    take(await engine.logIn(login, password, organisation))
  }

  async function logOut(): Promise<void> {
    try {
      await engine.logOut()
    } catch (problem) {
      if (!(problem instanceof Problem) || problem.status !== 401) throw problem
    }
    leave(false)
  }

  /** Ask whether the session still holds; an engine that does not answer proves nothing. */
  async function holds(): Promise<boolean> {
    try {
      const response = await fetch('/api/v1/me', { credentials: 'same-origin' })
      if (response.status !== 401) return true
    } catch {
      return true
    }
    leave(true)
    return false
  }

  return { state, signed, lapsed, resume, logIn, logOut, holds }
})
