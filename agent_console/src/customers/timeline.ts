import type { Channel, ConversationView, TicketView } from '../api/types'

export interface Contact {
  key: string
  at: string
  kind: 'conversation' | 'ticket'
  channel: Channel | null
  title: string
  number: string
  path: string
  state: string
}

/** Everything of a customer over every channel, newest first, in months of the user's time zone (`2026-11`). */
export function contacts(conversations: readonly ConversationView[], tickets: readonly TicketView[]): { month: string; contacts: Contact[] }[] {
  const all = [...conversations.map(ofConversation), ...tickets.map(ofTicket)].sort((a, b) => (a.at < b.at ? 1 : -1))
  const months = new Map<string, Contact[]>()
  for (const contact of all) {
    const at = new Date(contact.at)
    const month = `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, '0')}`
    months.set(month, [...(months.get(month) ?? []), contact])
  }
  return [...months].map(([month, found]) => ({ month, contacts: found }))
}

const ofConversation = (one: ConversationView): Contact => ({
  key: 'c' + one.id,
  at: one.last_message_at ?? one.created_at,
  kind: 'conversation',
  channel: one.channel,
  title: one.subject || one.preview,
  number: `#${one.number}`,
  path: `/inbox/${one.state === 'open' ? 'all' : one.state}/${one.id}`,
  state: one.state,
})

const ofTicket = (one: TicketView): Contact => ({ key: 't' + one.id, at: one.updated_at, kind: 'ticket', channel: null, title: one.title, number: one.number, path: `/tickets/${one.id}`, state: one.state })
