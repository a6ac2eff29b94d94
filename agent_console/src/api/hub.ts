import { address, call, sendFile } from './http'
import type * as T from './types'

type Query = Record<string, string | number | boolean | null | undefined>
const get = <R>(path: string, query?: Query, signal?: AbortSignal) => call<R>('GET', path, { query, signal })
const post = <R>(path: string, body?: unknown) => call<R>('POST', path, { body })
const put = <R>(path: string, body?: unknown) => call<R>('PUT', path, { body })
const patch = <R>(path: string, body: unknown) => call<R>('PATCH', path, { body })
const del = <R = void>(path: string) => call<R>('DELETE', path)

/** Every request the console makes, one line each. */
export const hub = {
  session: () => get<T.SessionView>('/session'),
  signIn: (name: string, password: string) => post<T.SessionView>('/session', { name, password }),
  signOut: () => del('/session'),
  setup: () => get<T.SetupState>('/setup'),
  createFirstUser: (body: { name: string; password: string; display_name: string; locale: T.Locale }) =>
    post<T.SessionView | undefined>('/setup', body),
  changeMe: (body: Partial<Pick<T.Me, 'display_name' | 'locale' | 'theme' | 'email'>>) => patch<T.Me>('/me', body),
  changePassword: (body: { old: string; new: string }) => post<void>('/me/password', body),
  mySessions: () => get<T.SignInSession[] | T.Page<T.SignInSession>>('/me/sessions'),
  endSession: (id: T.Id) => del(`/me/sessions/${id}`),

  conversations: (query: Query) => get<T.Page<T.ConversationView>>('/conversations', query),
  counts: () => get<T.Counts>('/conversations/counts'),
  conversation: (id: T.Id) => get<T.ConversationView>(`/conversations/${id}`),
  createConversation: (body: T.ConversationCreate) =>
    post<{ conversation: T.ConversationView; message: T.MessageView }>('/conversations', body),
  changeConversation: (id: T.Id, body: Record<string, unknown>) => patch<T.ConversationView>(`/conversations/${id}`, body),
  assign: (id: T.Id, agentId: T.Id | null) => put<T.ConversationView | undefined>(`/conversations/${id}/assignee`, { agent_id: agentId }),
  messages: (id: T.Id, query: { before?: number; after?: number; limit?: number }) =>
    get<T.MessagePage>(`/conversations/${id}/messages`, query),
  send: (id: T.Id, body: T.MessageCreate) => post<T.MessageView>(`/conversations/${id}/messages`, body),
  replyOptions: (id: T.Id) => get<T.ReplyOption[]>(`/conversations/${id}/reply-options`),
  markRead: (id: T.Id, n: number) => post<void>(`/conversations/${id}/read`, { n }),
  linkCustomer: (id: T.Id, customerId: T.Id) => put<void>(`/conversations/${id}/customers/${customerId}`),
  unlinkCustomer: (id: T.Id, customerId: T.Id) => del(`/conversations/${id}/customers/${customerId}`),
  linkTicket: (id: T.Id, ticketId: T.Id) => put<void>(`/conversations/${id}/tickets/${ticketId}`),
  unlinkTicket: (id: T.Id, ticketId: T.Id) => del(`/conversations/${id}/tickets/${ticketId}`),
  retry: (messageId: T.Id) => post<T.MessageView | undefined>(`/messages/${messageId}/retry`),
  messageHtml: (messageId: T.Id, images: boolean) => get<{ url: string }>(`/messages/${messageId}/html`, { images: images || undefined }),
  rawAddress: (messageId: T.Id) => address(`/messages/${messageId}/raw`),
  attachmentAddress: (messageId: T.Id, attachmentId: T.Id) => address(`/messages/${messageId}/attachments/${attachmentId}`),
  upload: (file: File, onProgress: (part: number) => void, signal: AbortSignal) =>
    sendFile<T.Upload>('/uploads', file, onProgress, signal),
  cannedReplies: () => get<T.CannedReply[] | T.Page<T.CannedReply>>('/canned-replies'),
  search: (query: { q: string; kind: string; cursor?: string }, signal?: AbortSignal) =>
    get<T.Page<T.SearchHit>>('/search', query, signal),
  eventsAfter: (cursor: string) => get<{ items: unknown[]; cursor?: string; next_cursor?: string }>('/events', { after: cursor, wait: 0 }),

  customers: (query: Query, signal?: AbortSignal) => get<T.Page<T.CustomerView>>('/customers', query, signal),
  customer: (id: T.Id) => get<T.CustomerView>(`/customers/${id}`),
  createCustomer: (body: T.CustomerWrite) => post<T.CustomerView>('/customers', body),
  changeCustomer: (id: T.Id, body: T.CustomerWrite) => patch<T.CustomerView>(`/customers/${id}`, body),
  addAddress: (id: T.Id, body: { kind: T.AddressKind; value: string; label: string }) =>
    post<T.CustomerView>(`/customers/${id}/addresses`, body),
  removeAddress: (id: T.Id, addressId: T.Id) => del(`/customers/${id}/addresses/${addressId}`),
  verifyAddress: (id: T.Id, addressId: T.Id) => post<void>(`/customers/${id}/addresses/${addressId}/verify`),
  refuse: (id: T.Id, channel: T.Channel, reason: string) => put<void>(`/customers/${id}/refusals/${channel}`, { reason }),
  allow: (id: T.Id, channel: T.Channel) => del(`/customers/${id}/refusals/${channel}`),

  tickets: (query: Query, signal?: AbortSignal) => get<T.Page<T.TicketView>>('/tickets', query, signal),
  ticket: (id: T.Id) => get<T.TicketView>(`/tickets/${id}`),
  createTicket: (body: T.TicketWrite) => post<T.TicketView>('/tickets', body),
  changeTicket: (id: T.Id, body: T.TicketWrite) => patch<T.TicketView>(`/tickets/${id}`, body),
  addStep: (id: T.Id, text: string) => post<unknown>(`/tickets/${id}/steps`, { text }),
  ticketStates: () => get<T.TicketState[]>('/ticket-states'),

  agents: () => get<T.Agent[]>('/agents'),
  presence: () => get<T.Presence[]>('/presence'),
  setPresence: (state: T.PresenceState) => put<T.Presence | undefined>('/me/presence', { state }),
  offers: () => get<T.OfferView[]>('/offers'),
  acceptOffer: (id: T.Id) => post<unknown>(`/offers/${id}/accept`),
  refuseOffer: (id: T.Id) => post<unknown>(`/offers/${id}/refuse`),

  users: (query: Query) => get<T.Page<T.UserView>>('/users', query),
  createUser: (body: Record<string, unknown>) => post<T.UserView>('/users', body),
  changeUser: (id: T.Id, body: Record<string, unknown>) => patch<T.UserView>(`/users/${id}`, body),
  setPassword: (id: T.Id, password: string) => post<void>(`/users/${id}/password`, { password }),
  roles: () => get<T.RoleView[] | T.Page<T.RoleView>>('/roles'),
  rights: () => get<T.Right[]>('/rights'),
  createRole: (body: Record<string, unknown>) => post<T.RoleView>('/roles', body),
  changeRole: (id: T.Id, body: Record<string, unknown>) => patch<T.RoleView>(`/roles/${id}`, body),
  deleteRole: (id: T.Id) => del(`/roles/${id}`),
  teams: () => get<T.TeamView[] | T.Page<T.TeamView>>('/teams'),
  createTeam: (body: Record<string, unknown>) => post<T.TeamView>('/teams', body),
  changeTeam: (id: T.Id, body: Record<string, unknown>) => patch<T.TeamView>(`/teams/${id}`, body),
  deleteTeam: (id: T.Id) => del(`/teams/${id}`),
  queues: () => get<T.QueueView[] | T.Page<T.QueueView>>('/queues'),
  createQueue: (body: Record<string, unknown>) => post<T.QueueView>('/queues', body),
  changeQueue: (id: T.Id, body: Record<string, unknown>) => patch<T.QueueView>(`/queues/${id}`, body),
  deleteQueue: (id: T.Id) => del(`/queues/${id}`),
  tokens: () => get<T.TokenView[] | T.Page<T.TokenView>>('/tokens'),
  createToken: (body: { name: string; scopes: string[] }) => post<{ id: T.Id; token: string }>('/tokens', body),
  deleteToken: (id: T.Id) => del(`/tokens/${id}`),
  audit: (query: Query) => get<T.Page<T.AuditEntry>>('/audit', query),

  adapters: () => get<T.AdapterView[]>('/adapters'),
  accounts: () => get<T.AccountView[] | T.Page<T.AccountView>>('/accounts'),
  createAccount: (body: Record<string, unknown>) => post<T.AccountView>('/accounts', body),
  changeAccount: (id: T.Id, body: Record<string, unknown>) => patch<T.AccountView>(`/accounts/${id}`, body),
  deleteAccount: (id: T.Id) => del(`/accounts/${id}`),
  testAccount: (body: { provider: string; settings: Record<string, unknown>; account_id?: T.Id }) =>
    post<T.AccountTest>('/accounts/test', body),
  snippet: (id: T.Id) => get<{ html: string }>(`/accounts/${id}/snippet`),

  poison: (query: Query) => get<T.Page<T.PoisonEntry>>('/journal', { state: 'poison', ...query }),
  journalRawAddress: (id: T.Id) => address(`/journal/${id}/raw`),
  replay: (id: T.Id) => post<unknown>(`/journal/${id}/replay`),
  suppressions: (query: Query) => get<T.Page<T.Suppression>>('/suppressions', query),
  unsuppress: (id: T.Id) => del(`/suppressions/${id}`),
}

/** Lists of settings are short: plain arrays or one page, the console takes either. */
export function itemsOf<R>(answer: R[] | T.Page<R>): R[] {
  return Array.isArray(answer) ? answer : answer.items
}
