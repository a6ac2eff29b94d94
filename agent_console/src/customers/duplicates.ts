import type { CustomerView } from '../api/types'

export type Likeness = 'address' | 'phone_end' | 'name'

const ENOUGH_DIGITS = 8

/** Why two customers may be one: the same address, phone numbers with the same end, the same name. Empty when nothing speaks for it. */
export function likeness(one: CustomerView, other: CustomerView): Likeness[] {
  if (one.id === other.id || one.kind !== other.kind) return []
  const reasons: Likeness[] = []
  if (shared(one, other, (address) => (address.kind === 'visitor' ? '' : address.kind + address.value.toLowerCase()))) reasons.push('address')
  else if (shared(one, other, (address) => (address.kind === 'phone' ? ending(address.value) : ''))) reasons.push('phone_end')
  if (plain(one.name) === plain(other.name)) reasons.push('name')
  return reasons
}

function shared(one: CustomerView, other: CustomerView, of: (address: CustomerView['addresses'][number]) => string): boolean {
  const mine = new Set(one.addresses.map(of).filter(Boolean))
  return other.addresses.some((address) => mine.has(of(address)))
}

/** The last eight digits: the same number written with and without its country. */
function ending(number: string): string {
  const digits = number.replace(/\D/g, '')
  return digits.length >= ENOUGH_DIGITS ? digits.slice(-ENOUGH_DIGITS) : ''
}

const plain = (name: string): string => name.normalize('NFKC').toLowerCase().split(/[\s.,·]+/).filter(Boolean).sort().join(' ')

/** What to ask the hub for to find them: the name, and each address as it is kept. */
export function questions(customer: CustomerView): string[] {
  const addresses = customer.addresses.filter((address) => address.kind !== 'visitor').map((address) => (address.kind === 'phone' ? ending(address.value) || address.value : address.value))
  return [...new Set([customer.name, ...addresses])].filter((text) => text.trim().length > 1).slice(0, 4)
}

/** Those that may be the same, most reasons first. */
export function suspects(customer: CustomerView, others: readonly CustomerView[]): { customer: CustomerView; reasons: Likeness[] }[] {
  const all = [...new Map(others.map((other) => [other.id, other])).values()].map((other) => ({ customer: other, reasons: likeness(customer, other) }))
  return all.filter(({ reasons }) => reasons.length).sort((a, b) => weight(b.reasons) - weight(a.reasons)).slice(0, 3)
}

const weight = (reasons: Likeness[]): number => reasons.length + (reasons.includes('address') ? 2 : 0)
