// What the panel's pages share.

import type { ChatClient, ChatState } from './client'
import type { Locale, Say } from './texts'

/** What the visitor has typed; survives a change of page or language. */
export interface Typed {
  name: string
  email: string
  phone: string
  topic: string
  body: string
  composer: string
}

export interface Context {
  readonly client: ChatClient
  readonly say: Say
  readonly locale: Locale
  readonly typed: Typed
  announce(text: string): void
}

export interface View {
  readonly element: HTMLElement
  render(state: ChatState): void
  /** Put the focus where the visitor goes on. */
  focus(): void
}
