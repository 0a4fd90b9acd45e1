// Customers: what the engine tells of persons and companies, and how they are written.
import { activity, type Activity } from './activities'
import { requester } from './engine'
import { count, flag, interaction, kase, list, record, text, time } from './parse'
import type { Case, Interaction } from './wire'

export interface Address {
  id: string
  channel: string
  value: string
  label: string
  main: boolean
  verifiedAt: number
}

export interface Profile {
  id: string
  name: string
  email: string
  language: string
  title: string
  tier: string
  timeZone: string
  notes: string
  version: number
  addresses: Address[]
}

export interface AccountBrief {
  id: string
  name: string
  parentId: string
  tier: string
  industry: string
  website: string
  phone: string
}

export interface Account extends AccountBrief {
  domain: string
  notes: string
  version: number
}

/** What a person is, or was, to a company; the name is the other one's. */
export interface Tie {
  id: string
  contactId: string
  accountId: string
  name: string
  tier: string
  direct: boolean
  present: boolean
  role: string
  from: string
  to: string
}

export interface Entitlement {
  id: string
  name: string
  kind: string
  startsOn: string
  endsOn: string
  casesAllowed: number
  casesUsed: number
}

/** Something a customer has, in short: an asset, an order, a contract, a lead. */
export interface Thing {
  id: string
  name: string
  detail: string
  status: string
}

export interface Line {
  interaction: Interaction
  caseNumber: number
  contactName: string
  words: string
  /** Of the mail that it began with; empty: none. */
  subject: string
}

export interface Member {
  userId: string
  name: string
  role: string
}

export interface View {
  cases: Case[]
  open: number
  past: number
  timeline: Line[]
  entitlements: Entitlement[]
  assets: Thing[]
  orders: Thing[]
  contracts: Thing[]
  leads: Thing[]
  team: Member[]
  activities: Activity[]
}

export interface ContactView extends View {
  contact: Profile
  account: AccountBrief | null
  accounts: Tie[]
}

export interface AccountView extends View {
  account: AccountBrief
  above: AccountBrief[]
  children: AccountBrief[]
  contacts: Tie[]
}

export interface TreeNode {
  id: string
  parentId: string
  name: string
  tier: string
  depth: number
}

export interface Duplicate {
  id: string
  name: string
  certain: boolean
  reasons: string[]
}

function address(value: unknown): Address {
  const raw = record(value)
  return {
    id: text(raw['id']),
    channel: text(raw['channel']),
    value: text(raw['value']),
    label: text(raw['label']),
    main: flag(raw['main']),
    verifiedAt: time(raw, 'verified'),
  }
}

export function profile(value: unknown): Profile {
  const raw = record(value)
  return {
    id: text(raw['id']),
    name: text(raw['name']),
    email: text(raw['email']),
    language: text(raw['language']),
    title: text(raw['title']),
    tier: text(raw['tier']),
    timeZone: text(raw['time_zone']),
    notes: text(raw['notes']),
    version: count(raw['version']),
    addresses: list(raw['addresses']).map(address),
  }
}

/** Where the link to a website leads; nowhere unless it is a page, since a link may also be a program. */
export function siteAddress(website: string): string | undefined {
  return /^https?:\/\//i.test(website) ? website : undefined
}

function brief(value: unknown): AccountBrief {
  const raw = record(value)
  return {
    id: text(raw['id']),
    name: text(raw['name']),
    parentId: text(raw['parent_id']),
    tier: text(raw['tier']),
    industry: text(raw['industry']),
    website: text(raw['website']),
    phone: text(raw['phone']),
  }
}

export function account(value: unknown): Account {
  const raw = record(value)
  return {
    ...brief(value),
    domain: text(raw['domain']),
    notes: text(raw['notes']),
    version: count(raw['version']),
  }
}

function tie(value: unknown): Tie {
  const raw = record(value)
  return {
    id: text(raw['id']),
    contactId: text(raw['contact_id']),
    accountId: text(raw['account_id']),
    name: text(raw['name']),
    tier: text(raw['tier']),
    direct: flag(raw['direct']),
    present: flag(raw['present'], true),
    role: text(raw['role']),
    from: text(raw['from_date']),
    to: text(raw['to_date']),
  }
}

function entitlement(value: unknown): Entitlement {
  const raw = record(value)
  return {
    id: text(raw['id']),
    name: text(raw['name']),
    kind: text(raw['kind']),
    startsOn: text(raw['starts_on']),
    endsOn: text(raw['ends_on']),
    casesAllowed: count(raw['cases_allowed']),
    casesUsed: count(raw['cases_used']),
  }
}

function thing(name: string, detail: string): (value: unknown) => Thing {
  return (value) => {
    const raw = record(value)
    return {
      id: text(raw['id']),
      name: text(raw[name]),
      detail: text(raw[detail]),
      status: text(raw['status']),
    }
  }
}

function line(value: unknown): Line {
  const raw = record(value)
  return {
    interaction: interaction(raw['interaction']),
    caseNumber: count(raw['case_number']),
    contactName: text(raw['contact_name']),
    words: text(raw['words']),
    subject: text(raw['subject']),
  }
}

function member(value: unknown): Member {
  const raw = record(value)
  return { userId: text(raw['user_id']), name: text(raw['name']), role: text(raw['role']) }
}

function view(value: unknown): View {
  const raw = record(value)
  const counted = record(raw['case_count'])
  return {
    cases: list(raw['cases']).map(kase),
    open: count(counted['open']),
    past: count(counted['past']),
    timeline: list(raw['timeline']).map(line),
    entitlements: list(raw['entitlements']).map(entitlement),
    assets: list(raw['assets']).map(thing('name', 'serial')),
    orders: list(raw['orders']).map(thing('number', 'ordered_on')),
    contracts: list(raw['contracts']).map(thing('name', 'ends_on')),
    leads: list(raw['leads']).map(thing('subject', 'kind')),
    team: list(raw['team']).map(member),
    activities: list(raw['activities']).map(activity),
  }
}

export function contactView(value: unknown): ContactView {
  const raw = record(value)
  return {
    ...view(value),
    contact: profile(raw['contact']),
    account: raw['account'] ? brief(raw['account']) : null,
    accounts: list(raw['accounts']).map(tie),
  }
}

export function accountView(value: unknown): AccountView {
  const raw = record(value)
  return {
    ...view(value),
    account: brief(raw['account']),
    above: list(raw['above']).map(brief),
    children: list(raw['children']).map(brief),
    contacts: list(raw['contacts']).map(tie),
  }
}

function treeNode(value: unknown): TreeNode {
  const raw = record(value)
  return {
    id: text(raw['id']),
    parentId: text(raw['parent_id']),
    name: text(raw['name']),
    tier: text(raw['tier']),
    depth: count(raw['depth']),
  }
}

function duplicate(value: unknown): Duplicate {
  const raw = record(value)
  return {
    id: text(raw['id']),
    name: text(raw['name']),
    certain: flag(raw['certain']),
    reasons: list(raw['reasons']).map(text),
  }
}

export function duplicates(value: unknown): Duplicate[] {
  return list(value).map(duplicate)
}

const seek = (words: string): string =>
  words ? `?${new URLSearchParams({ text: words }).toString()}` : ''

export async function contacts(words: string): Promise<Profile[]> {
  return list(await requester.get(`/contacts${seek(words)}`)).map(profile)
}

export async function accounts(words: string): Promise<Account[]> {
  return list(await requester.get(`/accounts${seek(words)}`)).map(account)
}

export async function readContact(id: string): Promise<ContactView> {
  return contactView(await requester.get(`/contacts/${encodeURIComponent(id)}/view`))
}

export async function readAccount(id: string): Promise<AccountView> {
  return accountView(await requester.get(`/accounts/${encodeURIComponent(id)}/view`))
}

/** Read an account as it is written: with its version. */
export async function writableAccount(id: string): Promise<Account> {
  return account(await requester.get(`/accounts/${encodeURIComponent(id)}`))
}

export async function tree(id: string): Promise<TreeNode[]> {
  const reply = record(await requester.get(`/accounts/${encodeURIComponent(id)}/tree`))
  return list(reply['nodes']).map(treeNode)
}

export async function likeContact(id: string): Promise<Duplicate[]> {
  return duplicates(await requester.get(`/contacts/${encodeURIComponent(id)}/duplicates`))
}

export interface Written {
  id: string
  duplicates: Duplicate[]
}

function written(value: unknown, noun: string): Written {
  const raw = record(value)
  return { id: text(record(raw[noun])['id']), duplicates: duplicates(raw['duplicates']) }
}

export type Values = Record<string, unknown>

export async function addContact(values: Values): Promise<Written> {
  return written(await requester.post('/contacts', values), 'contact')
}

export async function changeContact(id: string, values: Values): Promise<Written> {
  return written(await requester.patch(`/contacts/${encodeURIComponent(id)}`, values), 'contact')
}

export async function addAccount(values: Values): Promise<Written> {
  return written(await requester.post('/accounts', values), 'account')
}

export async function changeAccount(id: string, values: Values): Promise<Written> {
  return written(await requester.patch(`/accounts/${encodeURIComponent(id)}`, values), 'account')
}

/** An address that mail comes back from for good, or whose owner called mail of ours abuse. */
export interface DoubtfulAddress {
  email: string
  diagnostic: string
  bouncedAt: number
  complainedAt: number
}

export async function doubtfulAddresses(contactId: string): Promise<DoubtfulAddress[]> {
  const answer = await requester.get(`/contacts/${encodeURIComponent(contactId)}/doubtful-addresses`)
  return list(answer).map((value) => {
    const raw = record(value)
    return {
      email: text(raw['email']),
      diagnostic: text(raw['diagnostic']) || text(raw['status']),
      bouncedAt: time(raw, 'bounced'),
      complainedAt: time(raw, 'complained'),
    }
  })
}

/** Forget what is known against an address, because somebody knows better. */
export async function trustAddress(contactId: string, addressId: string): Promise<void> {
  await requester.send('DELETE', `/contacts/${encodeURIComponent(contactId)}/addresses/${encodeURIComponent(addressId)}/doubt`)
}

export async function addAddress(contactId: string, values: Values): Promise<void> {
  await requester.post(`/contacts/${encodeURIComponent(contactId)}/addresses`, values)
}
