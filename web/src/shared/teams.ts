// Who looks after an account, and with whom one usually does so.
import { requester } from './engine'
import { list, record, text } from './parse'

export const ACCOUNT_ACCESS = ['read', 'edit'] as const
export const CASE_ACCESS = ['none', 'read', 'edit'] as const

export interface TeamMember {
  userId: string
  role: string
  accountAccess: (typeof ACCOUNT_ACCESS)[number]
  caseAccess: (typeof CASE_ACCESS)[number]
}

function member(value: unknown): TeamMember {
  const raw = record(value)
  return {
    userId: text(raw['user_id']),
    role: text(raw['role']),
    accountAccess: ACCOUNT_ACCESS.find((one) => one === raw['account_access']) ?? 'read',
    caseAccess: CASE_ACCESS.find((one) => one === raw['case_access']) ?? 'none',
  }
}

export function members(value: unknown): TeamMember[] {
  return list(value).map(member)
}

export function memberBody({ role, accountAccess, caseAccess }: TeamMember): Record<string, string> {
  return { role: role.trim(), account_access: accountAccess, case_access: caseAccess }
}

const of = (accountId: string): string => `/accounts/${encodeURIComponent(accountId)}`

export async function accountTeam(accountId: string): Promise<TeamMember[]> {
  return members(await requester.get(`${of(accountId)}/team`))
}

export async function putMember(accountId: string, one: TeamMember): Promise<TeamMember[]> {
  return members(await requester.send('PUT', `${of(accountId)}/team/${encodeURIComponent(one.userId)}`, memberBody(one)))
}

export async function dropMember(accountId: string, userId: string): Promise<void> {
  await requester.send('DELETE', `${of(accountId)}/team/${encodeURIComponent(userId)}`)
}

/** Add one's own default team; who is in the account's already stays as he is. */
export async function addDefaultTeam(accountId: string): Promise<TeamMember[]> {
  return members(await requester.post(`${of(accountId)}/default-team`, {}))
}

/** Replace one's own default team. */
export async function keepDefaultTeam(team: TeamMember[]): Promise<void> {
  await requester.send('PUT', '/default-team', { members: team.map((one) => ({ user_id: one.userId, ...memberBody(one) })) })
}
