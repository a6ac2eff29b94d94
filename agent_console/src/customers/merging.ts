import type { ConversationView, CustomerAddress, CustomerView } from '../api/types'

/** Fields of which a customer has one each: on merging somebody says which stays. */
export const FIELDS = ['name', 'level', 'sex', 'company', 'title', 'postal_address', 'locale', 'note'] as const
export type Field = (typeof FIELDS)[number]
export type Pick = 'kept' | 'gone' | 'both'
export type Fields = { [field in Field]: CustomerView[field] }
export type Picks = Partial<Record<Field, Pick>>

/** What one is likelier to keep: whoever somebody has looked at, else who has been here longer. */
export const likelier = (one: CustomerView, other: CustomerView): CustomerView =>
  one.unconfirmed === other.unconfirmed ? (one.created_at <= other.created_at ? one : other) : one.unconfirmed ? other : one

/** The fields in which the two differ: those one has to choose in. */
export const differing = (one: CustomerView, other: CustomerView): Field[] => FIELDS.filter((field) => (one[field] ?? '') !== (other[field] ?? ''))

const LEVELS = ['potential', 'ordinary', 'vip']

/** Nobody has said yet what they are called. */
const isNamedByAddress = ({ name, addresses }: CustomerView): boolean => addresses.some((one) => one.value === name || one.display === name)

/** What is proposed: nothing that somebody wrote is lost. */
export function proposed(field: Field, kept: CustomerView, gone: CustomerView): Pick {
  if (!gone[field]) return 'kept'
  if (!kept[field] || (field === 'level' && LEVELS.indexOf(gone.level) > LEVELS.indexOf(kept.level)) || (field === 'name' && isNamedByAddress(kept) && !isNamedByAddress(gone))) return 'gone'
  return field === 'note' ? 'both' : 'kept'
}

/** What the kept one gets: only what differs from what it has. */
export function given(kept: CustomerView, gone: CustomerView, picks: Picks): Partial<Fields> {
  const fields: Partial<Fields> = {}
  for (const field of differing(kept, gone)) {
    const pick = picks[field] ?? proposed(field, kept, gone)
    if (pick === 'gone') Object.assign(fields, { [field]: gone[field] })
    if (pick === 'both' && field === 'note') fields.note = `${kept.note}\n\n${gone.note}`
  }
  return fields
}

const verified = (customer: CustomerView, kind: CustomerAddress['kind']): string[] => customer.addresses.filter((one) => one.kind === kind && one.verified).map((one) => one.value)

/** Both have verified addresses of a kind and share none: the hub asks for somebody who is sure, too. */
export function areDifferent(one: CustomerView, other: CustomerView): boolean {
  return (['email', 'phone'] as const).some((kind) => {
    const mine = verified(one, kind)
    const theirs = verified(other, kind)
    return mine.length > 0 && theirs.length > 0 && !mine.some((value) => theirs.includes(value))
  })
}

const common = (one: CustomerView, other: CustomerView): CustomerAddress[] => one.addresses.filter((mine) => other.addresses.some((theirs) => theirs.kind === mine.kind && theirs.value === mine.value))

/** All they have in common is a telephone. */
export function sharePhoneOnly(one: CustomerView, other: CustomerView): boolean {
  const shared = common(one, other)
  return shared.length > 0 && shared.every((address) => address.kind === 'phone') && one.name.trim().toLowerCase() !== other.name.trim().toLowerCase()
}

export const isShared = (address: CustomerAddress, other: CustomerView): boolean => other.addresses.some((one) => one.kind === address.kind && one.value === address.value)

/** The newest few, whatever list they stand in. */
export const newest = (conversations: readonly ConversationView[], most: number): ConversationView[] =>
  [...conversations].sort((a, b) => ((a.last_message_at ?? a.created_at) < (b.last_message_at ?? b.created_at) ? 1 : -1)).slice(0, most)
