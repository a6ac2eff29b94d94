import type { Channel, ConversationView, Id } from '../api/types'

export type View = 'mine' | 'unassigned' | 'all' | 'snoozed' | 'closed'

/** What one list of conversations holds: the query of `GET /conversations`. */
export interface ConversationFilter {
  view: View
  waiting_for?: 'us' | 'customer' | 'nobody'
  queue_id?: Id
  channel?: Channel
  customer_id?: Id
  ticket_id?: Id
  sort: 'newest' | 'waiting'
}

/** Where each answer lies in the query cache. */
export const keys = {
  conversations: (filter: ConversationFilter) => ['conversations', filter] as const,
  allConversations: ['conversations'] as const,
  counts: ['counts'] as const,
  conversation: (id: Id) => ['conversation', id] as const,
  messages: (id: Id) => ['messages', id] as const,
  replyOptions: (id: Id) => ['reply-options', id] as const,
  customer: (id: Id) => ['customer', id] as const,
  customers: ['customers'] as const,
  ticket: (id: Id) => ['ticket', id] as const,
  tickets: ['tickets'] as const,
  ticketStates: ['ticket-states'] as const,
  agents: ['agents'] as const,
  presence: ['presence'] as const,
  offers: ['offers'] as const,
  notifications: ['notifications'] as const,
  wallboard: ['wallboard'] as const,
  accounts: ['accounts'] as const,
  accountNames: ['account-names'] as const,
  waiting: (id: Id) => ['waiting', id] as const,
  adapters: ['adapters'] as const,
  queues: ['queues'] as const,
  users: ['users'] as const,
  roles: ['roles'] as const,
  teams: ['teams'] as const,
  tokens: ['tokens'] as const,
  cannedReplies: ['canned-replies'] as const,
}

const STATE_OF: Record<View, ConversationView['state']> = {
  mine: 'open',
  unassigned: 'open',
  all: 'open',
  snoozed: 'snoozed',
  closed: 'closed',
}

/** Whether the hub would put this conversation into that list. Customer lists span all views of it. */
export function belongs(conversation: ConversationView, filter: ConversationFilter, me: Id): boolean {
  return (
    conversation.state === STATE_OF[filter.view] &&
    (filter.view !== 'mine' || conversation.assignee_id === me) &&
    (filter.view !== 'unassigned' || conversation.assignee_id === null) &&
    (!filter.waiting_for || conversation.waiting_for === filter.waiting_for) &&
    (!filter.queue_id || conversation.queue_id === filter.queue_id) &&
    (!filter.channel || conversation.channels.includes(filter.channel)) &&
    (!filter.customer_id || conversation.customer?.id === filter.customer_id) &&
    (!filter.ticket_id || conversation.ticket_ids.includes(filter.ticket_id))
  )
}

/** Negative when `a` stands above `b`: oldest waiting first, or newest message first. */
export function compare(a: ConversationView, b: ConversationView, sort: ConversationFilter['sort']): number {
  if (sort === 'waiting') return text(a.waiting_since, a.created_at) < text(b.waiting_since, b.created_at) ? -1 : 1
  return text(a.last_message_at, a.created_at) > text(b.last_message_at, b.created_at) ? -1 : 1
}

const text = (time: string | null, otherwise: string): string => time ?? otherwise
