// What a mail can be answered with, for whoever shows mails: the desk opens its composer, a case's page a dialog.
import { inject, provide, type InjectionKey } from 'vue'

export const MODES = ['reply', 'reply_all', 'forward'] as const
export type Mode = (typeof MODES)[number] | 'new'

export type Answering = (mailId: string, mode: Mode) => void
const KEY: InjectionKey<Answering> = Symbol('answering')

export const provideAnswering = (answer: Answering): void => provide(KEY, answer)
/** null: mails are only read here. */
export const useAnswering = (): Answering | null => inject(KEY, null)
