import type { Channel, CustomerView, ReplyOption } from '../api/types'

export interface Reach {
  channel: Channel
  state: 'usable' | 'refused' | 'blocked' | 'no_address'
  /** The customer's own reason, or the codes of what stands in the way. */
  why: string[]
}

const NEEDS: Partial<Record<Channel, 'email' | 'phone'>> = { email: 'email', sms: 'phone', voice: 'phone' }

/** Channel by channel: what may be used to reach this customer now, and what not and why. Only channels this desk or this customer has. */
export function reach(customer: CustomerView, options: readonly ReplyOption[]): Reach[] {
  const channels = new Set<Channel>([...options.map((one) => one.channel), ...customer.refusals.map((one) => one.channel)])
  return [...channels].map((channel) => of(channel, customer, options.filter((one) => one.channel === channel)))
}

function of(channel: Channel, customer: CustomerView, options: readonly ReplyOption[]): Reach {
  const refusal = customer.refusals.find((one) => one.channel === channel)
  if (refusal) return { channel, state: 'refused', why: [refusal.reason].filter(Boolean) }
  if (options.some((one) => one.allowed)) return { channel, state: 'usable', why: [] }
  if (options.some((one) => one.refusals.includes('opted_out'))) return { channel, state: 'refused', why: ['opted_out'] }
  const need = NEEDS[channel]
  if (need && !customer.addresses.some((one) => one.kind === need)) return { channel, state: 'no_address', why: [] }
  return { channel, state: 'blocked', why: [...new Set(options.flatMap((one) => one.refusals))] }
}
