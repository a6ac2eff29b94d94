import type { AddressKind, CustomerAddress, CustomerView, Id } from '../api/types'

/** A customer's address that can be chosen. */
export interface Known {
  address: string
  shown: string
  label: string
  name: string
  customerId: Id
}

/** Every address of one kind, in the order of the customers, without those taken already. */
export function knownOf(customers: readonly CustomerView[], kind: AddressKind, taken: readonly string[]): Known[] {
  return customers.flatMap((customer) => addressesOf(customer, kind).filter(({ value }) => !taken.includes(value)).map((address) => known(customer, address)))
}

export const addressesOf = (customer: CustomerView, kind: AddressKind): CustomerAddress[] => customer.addresses.filter((one) => one.kind === kind)

function known(customer: CustomerView, { value, display, label }: CustomerAddress): Known {
  return { address: value, shown: display || value, label, name: customer.name, customerId: customer.id }
}

/** Whether somebody may have meant a telephone number: digits and what stands between them. */
export const isNumber = (text: string): boolean => /^[+＋]?[\d\s().\-–/]{3,}$/.test(text.trim()) && (text.match(/\d/g)?.length ?? 0) >= 3
