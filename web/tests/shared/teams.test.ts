import { describe, expect, it } from 'vitest'
import { memberBody, members } from '@/shared/teams'

describe('the team of an account', () => {
  it('is read as the engine tells it', () => {
    const told = { items: [{ user_id: 'u1', role: 'Advisor', account_access: 'edit', case_access: 'none' }] }
    expect(members(told)).toEqual([{ userId: 'u1', role: 'Advisor', accountAccess: 'edit', caseAccess: 'none' }])
  })

  it('gives nobody more than is told', () => {
    const [one] = members({ items: [{ user_id: 'u1', account_access: 'all', case_access: 'own' }] })
    expect(one).toMatchObject({ role: '', accountAccess: 'read', caseAccess: 'none' })
  })

  it('is written with what each member does and may do', () => {
    const body = memberBody({ userId: 'u1', role: ' Advisor ', accountAccess: 'read', caseAccess: 'edit' })
    expect(body).toEqual({ role: 'Advisor', account_access: 'read', case_access: 'edit' })
  })
})
