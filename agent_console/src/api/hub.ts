import { api, ApiError, done, sendFile } from './http'
import type { components, operations } from './schema'
import type * as T from './types'
import type { Preferences } from '../lib/preferences'

type Schemas = components['schemas']

const conversation = (id: T.Id) => ({ params: { path: { conversation_id: id } } })
const customer = (id: T.Id) => ({ params: { path: { customer_id: id } } })
const message = (id: T.Id) => ({ params: { path: { message_id: id } } })
const as = <R>(answer: Promise<unknown>): Promise<R> => answer as Promise<R>

/** What agents ask of the hub, one line each. Administration is in `admin.ts`. */
export const hub = {
  session: () => done(api.GET('/api/v1/session')),
  signIn: (body: Schemas['SignIn']) => done(api.POST('/api/v1/session', { body })),
  signOut: () => done(api.DELETE('/api/v1/session')),
  setup: () => done(api.GET('/api/v1/setup')),
  createFirstUser: (body: Schemas['Setup']) => done(api.POST('/api/v1/setup', { body })),
  preferences: () => as<Preferences>(done(api.GET('/api/v1/me/preferences'))),
  changePreferences: (body: Partial<Preferences>) => as<Preferences>(done(api.PUT('/api/v1/me/preferences', { body }))),
  changeMe: (body: Schemas['MePatch']) => done(api.PATCH('/api/v1/me', { body })),

  conversations: (query: ConversationQuery) => done(api.GET('/api/v1/conversations', { params: { query } })),
  counts: () => done(api.GET('/api/v1/conversations/counts')),
  conversation: (id: T.Id) => done(api.GET('/api/v1/conversations/{conversation_id}', conversation(id))),
  createConversation: (body: Schemas['ConversationCreate']) => done(api.POST('/api/v1/conversations', { body })),
  changeConversation: (id: T.Id, body: Schemas['ConversationPatch']) => done(api.PATCH('/api/v1/conversations/{conversation_id}', { ...conversation(id), body })),
  assign: (id: T.Id, agentId: T.Id | null, version?: number) => done(api.PUT('/api/v1/conversations/{conversation_id}/assignee', { ...conversation(id), body: { agent_id: agentId, version } })),
  waiting: (id: T.Id) => done(api.GET('/api/v1/conversations/{conversation_id}/waiting', conversation(id))),
  messages: (id: T.Id, query: { before?: number; after?: number; limit?: number }) =>
    as<T.MessagePage>(done(api.GET('/api/v1/conversations/{conversation_id}/messages', { params: { path: { conversation_id: id }, query } }))),
  send: (id: T.Id, body: T.MessageCreate) => as<T.MessageView>(done(api.POST('/api/v1/conversations/{conversation_id}/messages', { ...conversation(id), body }))),
  replyOptions: (id: T.Id) => as<T.ReplyOption[]>(done(api.GET('/api/v1/conversations/{conversation_id}/reply-options', conversation(id)))),
  markRead: (id: T.Id, n: number) => done(api.POST('/api/v1/conversations/{conversation_id}/read', { ...conversation(id), body: { n } })),
  markUnread: (id: T.Id) => done(api.DELETE('/api/v1/conversations/{conversation_id}/read', conversation(id))),
  linkCustomer: (id: T.Id, customerId: T.Id) => done(api.PUT('/api/v1/conversations/{conversation_id}/customers/{customer_id}', { params: { path: { conversation_id: id, customer_id: customerId } } })),
  unlinkCustomer: (id: T.Id, customerId: T.Id) => done(api.DELETE('/api/v1/conversations/{conversation_id}/customers/{customer_id}', { params: { path: { conversation_id: id, customer_id: customerId } } })),
  linkTicket: (id: T.Id, ticketId: T.Id) => done(api.PUT('/api/v1/conversations/{conversation_id}/tickets/{ticket_id}', { params: { path: { conversation_id: id, ticket_id: ticketId } } })),
  unlinkTicket: (id: T.Id, ticketId: T.Id) => done(api.DELETE('/api/v1/conversations/{conversation_id}/tickets/{ticket_id}', { params: { path: { conversation_id: id, ticket_id: ticketId } } })),
  retry: (id: T.Id) => done(api.POST('/api/v1/messages/{message_id}/retry', message(id))),
  messageHtml: (id: T.Id, images: boolean) => done(api.GET('/api/v1/messages/{message_id}/html', { params: { path: { message_id: id }, query: { remote: images ? '1' : '0' } } })),
  rawAddress: (id: T.Id) => `/api/v1/messages/${id}/raw`,
  attachmentAddress: (id: T.Id, attachmentId: T.Id) => `/api/v1/messages/${id}/attachments/${attachmentId}`,
  upload: (file: File, onProgress: (part: number) => void, signal: AbortSignal) => sendFile<T.Upload>('/api/v1/uploads', file, onProgress, signal),
  cannedReplies: () => done(api.GET('/api/v1/canned-replies')),
  search: (query: { q: string; cursor?: string | null }, signal?: AbortSignal) => done(api.GET('/api/v1/search', { params: { query }, signal })),
  capabilities: (id: T.Id) => as<T.Capabilities>(done(api.GET('/api/v1/accounts/{account_id}/capabilities', { params: { path: { account_id: id } } }))),
  reach: (id: T.Id, address: string) => done(api.GET('/api/v1/accounts/{account_id}/reach', { params: { path: { account_id: id }, query: { address } } })),
  signature: (id: T.Id) => done(api.GET('/api/v1/accounts/{account_id}/signature', { params: { path: { account_id: id } } })),
  accountNames: () => done(api.GET('/api/v1/account-names')),
  eventsAfter,

  customers: (query: ListQuery, signal?: AbortSignal) => done(api.GET('/api/v1/customers', { params: { query }, signal })),
  customer: (id: T.Id) => done(api.GET('/api/v1/customers/{customer_id}', customer(id))),
  duplicates: (id: T.Id) => done(api.GET('/api/v1/customers/{customer_id}/duplicates', customer(id))),
  createCustomer: (body: Schemas['CustomerCreate']) => done(api.POST('/api/v1/customers', { body })),
  changeCustomer: (id: T.Id, body: Schemas['CustomerPatch']) => done(api.PATCH('/api/v1/customers/{customer_id}', { ...customer(id), body })),
  addAddress: (id: T.Id, body: Schemas['AddressCreate']) => done(api.POST('/api/v1/customers/{customer_id}/addresses', { ...customer(id), body })),
  removeAddress: (id: T.Id, addressId: T.Id) => done(api.DELETE('/api/v1/customers/{customer_id}/addresses/{address_id}', { params: { path: { customer_id: id, address_id: addressId } } })),
  verifyAddress: (id: T.Id, addressId: T.Id) => done(api.POST('/api/v1/customers/{customer_id}/addresses/{address_id}/verify', { params: { path: { customer_id: id, address_id: addressId } } })),
  refuse: (id: T.Id, channel: T.Channel, reason: string) => done(api.PUT('/api/v1/customers/{customer_id}/refusals/{channel}', { params: { path: { customer_id: id, channel } }, body: { reason } })),
  allow: (id: T.Id, channel: T.Channel) => done(api.DELETE('/api/v1/customers/{customer_id}/refusals/{channel}', { params: { path: { customer_id: id, channel } } })),

  optOuts: (id: T.Id) => done(api.GET('/api/v1/opt-outs', { params: { query: { customer_id: id } } })),
  liftOptOut: (id: T.Id, reason: string) => done(api.POST('/api/v1/opt-outs/{opt_out_id}/lift', { params: { path: { opt_out_id: id } }, body: { reason } })),

  tickets: (query: ListQuery & { state?: string; assignee?: string; customer_id?: T.Id }, signal?: AbortSignal) => done(api.GET('/api/v1/tickets', { params: { query }, signal })),
  ticket: (id: T.Id) => done(api.GET('/api/v1/tickets/{ticket_id}', { params: { path: { ticket_id: id } } })),
  createTicket: (body: Schemas['TicketCreate']) => done(api.POST('/api/v1/tickets', { body })),
  changeTicket: (id: T.Id, body: Schemas['TicketPatch']) => done(api.PATCH('/api/v1/tickets/{ticket_id}', { params: { path: { ticket_id: id } }, body })),
  addStep: (id: T.Id, text: string) => done(api.POST('/api/v1/tickets/{ticket_id}/steps', { params: { path: { ticket_id: id } }, body: { text } })),
  ticketStates: () => done(api.GET('/api/v1/ticket-states')),

  agents: () => done(api.GET('/api/v1/agents')),
  presence: () => as<T.Presence[]>(done(api.GET('/api/v1/presence'))),
  setPresence: (state: T.PresenceState, seconds?: number) => done(api.PUT('/api/v1/me/presence', { body: { state, ...(seconds && { seconds }) } })),
  notifications: (query: { unread?: boolean; cursor?: string | null }) => done(api.GET('/api/v1/notifications', { params: { query } })),
  notificationCount: () => done(api.GET('/api/v1/notifications/count')),
  readNotifications: (body: { ids: T.Id[] } | { all: true }) => done(api.POST('/api/v1/notifications/read', { body })),
  wallboard: () => as<T.WallboardView>(done(api.GET('/api/v1/wallboard'))),
  queues: () => as<T.QueueView[]>(done(api.GET('/api/v1/queues'))),
  offers: () => as<T.OfferView[]>(done(api.GET('/api/v1/offers'))),
  acceptOffer: (id: T.Id) => done(api.POST('/api/v1/offers/{offer_id}/accept', { params: { path: { offer_id: id } } })),
  refuseOffer: (id: T.Id) => done(api.POST('/api/v1/offers/{offer_id}/refuse', { params: { path: { offer_id: id } } })),
}

interface ListQuery {
  q?: string
  cursor?: string | null
  limit?: number
}

type ConversationQuery = operations['conversations_list']['parameters']['query']

/** The event log as a long poll that does not wait; it is read only to close a gap. */
async function eventsAfter(cursor: string): Promise<{ items: unknown[] }> {
  const response = await fetch(`/api/v1/events?after=${encodeURIComponent(cursor)}&wait=0`)
  if (!response.ok) throw new ApiError({ code: 'unexpected', ...(await response.json().catch(() => ({}))), status: response.status })
  return (await response.json()) as { items: unknown[] }
}
