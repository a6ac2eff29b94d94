import type { Channel, ConversationView, Id } from '../api/types'
import { hubTime } from '../lib/clock'

export const VIEWS = ['mine', 'unassigned', 'all', 'snoozed', 'closed', 'drafts', 'mentions', 'unread'] as const
export type View = (typeof VIEWS)[number]

/** What one list of conversations holds: the query of `GET /conversations`. */
export interface ConversationFilter {
  view: View
  waiting_for?: 'us' | 'customer' | 'nobody'
  queue_id?: Id
  assignee_id?: Id
  channel?: Channel
  priority?: ConversationView['priority']
  tag?: string
  unread?: boolean
  draft?: boolean
  mentioned?: boolean
  overdue?: boolean
  customer_id?: Id
  ticket_id?: Id
  sort: 'newest' | 'waiting'
}

/** Where each answer lies in the query cache. */
export const keys = {
  conversations: (filter: ConversationFilter) => ['conversations', filter] as const,
  allConversations: ['conversations'] as const,
  counts: ['counts'] as const,
  tags: ['tags'] as const,
  views: ['views'] as const,
  conversation: (id: Id) => ['conversation', id] as const,
  messages: (id: Id) => ['messages', id] as const,
  replyOptions: (id: Id) => ['reply-options', id] as const,
  customer: (id: Id) => ['customer', id] as const,
  allReplyOptions: ['reply-options'] as const,
  optOuts: (id: Id) => ['opt-outs', id] as const,
  allOptOuts: ['opt-outs'] as const,
  reach: ['reach'] as const,
  signature: (accountId: Id) => ['signatures', accountId] as const,
  signatures: ['signatures'] as const,
  customers: ['customers'] as const,
  allTickets: ['ticket'] as const,
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
  calendars: ['calendars'] as const,
  openSpans: (queueId: Id) => ['open-spans', queueId] as const,
  allOpenSpans: ['open-spans'] as const,
  users: ['users'] as const,
  roles: ['roles'] as const,
  teams: ['teams'] as const,
  tokens: ['tokens'] as const,
  cannedReplies: ['canned-replies'] as const,
  macros: ['macros'] as const,
}

const STATES_OF: Record<View, readonly ConversationView['state'][]> = {
  mine: ['open'],
  unassigned: ['open'],
  all: ['open'],
  unread: ['open'],
  snoozed: ['snoozed'],
  closed: ['closed'],
  drafts: ['open', 'snoozed'],
  mentions: ['open', 'snoozed'],
}

/** Whether the hub would put this conversation into that list. Lists of one customer or ticket span every state. */
export function belongs(conversation: ConversationView, filter: ConversationFilter, me: Id, now = hubTime()): boolean {
  const everything = filter.view === 'all' && !!(filter.customer_id || filter.ticket_id)
  return (
    !conversation.merged_into &&
    (everything || STATES_OF[filter.view].includes(conversation.state)) &&
    (filter.view !== 'mine' || conversation.assignee_id === me) &&
    (filter.view !== 'unassigned' || conversation.assignee_id === null) &&
    isWanted(conversation, filter) &&
    (!filter.overdue || isOverdue(conversation, now))
  )
}

function isWanted(conversation: ConversationView, filter: ConversationFilter): boolean {
  return (
    (['waiting_for', 'queue_id', 'assignee_id', 'channel', 'priority'] as const).every((name) => !filter[name] || conversation[name] === filter[name]) &&
    (!filter.tag || conversation.tags.includes(filter.tag)) &&
    (!(filter.unread || filter.view === 'unread') || conversation.unread) &&
    (!(filter.draft || filter.view === 'drafts') || conversation.draft) &&
    (!(filter.mentioned || filter.view === 'mentions') || conversation.mentioned) &&
    (!filter.customer_id || conversation.customer?.id === filter.customer_id) &&
    (!filter.ticket_id || conversation.ticket_ids.includes(filter.ticket_id))
  )
}

/** Whether an answer was promised for a time that is over. */
export function isOverdue({ state, waiting_for, response_due_at }: ConversationView, now: number): boolean {
  return state === 'open' && waiting_for === 'us' && response_due_at !== null && new Date(response_due_at).getTime() <= now
}

/** Negative when `a` stands above `b`: oldest waiting first, or newest message first; at the same time, as the hub has them. */
export function compare(a: ConversationView, b: ConversationView, sort: ConversationFilter['sort']): number {
  const [first, second] = sort === 'waiting' ? [a, b] : [b, a]
  const time = (one: ConversationView): string => text(sort === 'waiting' ? one.waiting_since : one.last_message_at, one.created_at)
  return time(first) < time(second) ? -1 : time(first) > time(second) ? 1 : first.number - second.number
}

const text = (time: string | null, otherwise: string): string => time ?? otherwise
