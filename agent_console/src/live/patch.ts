import type { InfiniteData, QueryClient } from '@tanstack/vue-query'

import type { ConversationView, CustomerView, Id, MessagePage, MessageView, OfferView, Page, Presence } from '../api/types'
import { takePreferences } from '../lib/preferences'
import type { HubEvent, MessageChange } from './events'
import { belongs, compare, keys, type ConversationFilter } from './keys'

type ConversationPages = InfiniteData<Page<ConversationView>>
type MessagePages = InfiniteData<MessagePage>

/** Brings what is cached up to what one event says. What no event can say for sure (totals) is fetched again. */
export function patch(client: QueryClient, event: HubEvent, me: Id): void {
  switch (event.type) {
    case 'conversation.created':
      patchConversation(client, event.data.conversation, me)
      if (event.data.message) addMessage(client, event.data.message)
      return
    case 'conversation.changed':
    case 'conversation.moved':
    case 'conversation.appeared':
      return patchConversation(client, event.data.conversation, me)
    case 'conversation.read':
      return readUpTo(client, event.data, me)
    case 'conversation.vanished':
      return forgetConversation(client, event.data.conversation?.id ?? event.data.conversation_id ?? event.data.id ?? '')
    case 'message.added':
      if (event.data.conversation) patchConversation(client, event.data.conversation, me, event.data.message.direction === 'in' ? { unread: true } : {})
      return addMessage(client, event.data.message)
    case 'message.changed':
      return changeMessage(client, event.data)
    case 'message.removed':
      return removeMessage(client, event.data.conversation_id, event.data.message_id)
    case 'customer.changed':
      return takeCustomer(client, event.data.customer)
    case 'opt_out.changed':
      return stale(client, keys.allOptOuts, keys.allReplyOptions, keys.reach)
    case 'ticket.changed':
      void client.invalidateQueries({ queryKey: keys.ticket(event.data.ticket.id) })
      void client.invalidateQueries({ queryKey: keys.tickets })
      return
    case 'draft.changed':
      return void patchFields(client, event.data.conversation_id, { draft: event.data.draft !== null || !!event.data.other }, me)
    case 'tag.changed':
      return stale(client, keys.tags)
    case 'view.changed':
      return stale(client, keys.views)
    case 'account.changed':
      return stale(client, keys.accounts, keys.accountNames, keys.signatures)
    case 'queue.changed':
    case 'calendar.changed':
      return stale(client, keys.queues, keys.calendars, keys.allOpenSpans)
    case 'user.changed':
    case 'team.changed':
    case 'role.changed':
      return stale(client, keys.users, keys.teams, keys.roles, keys.agents)
    case 'presence.changed':
      return patchPresence(client, event.data)
    case 'offer.made':
      client.setQueryData<OfferView[]>(keys.offers, (offers = []) => [...offers.filter((one) => one.id !== event.data.offer.id), event.data.offer])
      return
    case 'offer.ended':
      client.setQueryData<OfferView[]>(keys.offers, (offers = []) => offers.filter((one) => one.id !== event.data.id))
      return
    case 'preferences.changed':
      return takePreferences(event.data.preferences)
    case 'notification.read':
      return stale(client, keys.notifications)
    case 'notification.added':
      if (event.data.notification.kind === 'mention') patchFields(client, event.data.notification.conversation_id, { mentioned: true }, me)
      return stale(client, keys.notifications)
    case 'caller.changed':
    case 'resync':
      void client.invalidateQueries()
  }
}

/** This user read it, or took that back, on whatever page. */
function readUpTo(client: QueryClient, { conversation_id: id, n, mentioned = false }: { conversation_id: Id; n: number; mentioned?: boolean }, me: Id): void {
  const known = knownConversation(client, id)
  if (known) patchFields(client, id, { unread: n < known.last_in_n, mentioned }, me)
}

function stale(client: QueryClient, ...queryKeys: (readonly unknown[])[]): void {
  for (const queryKey of queryKeys) void client.invalidateQueries({ queryKey })
}

/** A customer as he is now, under the names of all who were merged with him. When somebody became part of him or left, what is listed of him is read again. */
export function takeCustomer(client: QueryClient, customer: CustomerView): void {
  const ids = [customer, ...customer.merged].map((one) => one.id)
  const were = client.getQueryData<CustomerView>(keys.customer(customer.id))?.merged.length
  for (const id of ids) client.setQueryData(keys.customer(id), customer)
  stale(client, keys.customers)
  if (were === undefined || were === customer.merged.length) return
  stale(client, keys.tickets, keys.allTickets, keys.optOuts(customer.id))
  void client.invalidateQueries({ queryKey: keys.allConversations, predicate: ({ queryKey }) => ids.includes((queryKey[1] as ConversationFilter | undefined)?.customer_id ?? '') })
}

/** What of a conversation is this user's own, and comes in no event about it. */
export type Own = Pick<ConversationView, 'unread' | 'draft' | 'mentioned'>

/** Puts a conversation where it belongs now, in every list and on its own page. An older state than the one known is passed over. */
export function patchConversation(client: QueryClient, conversation: ConversationView, me: Id, own: Partial<Own> = {}): void {
  const known = knownConversation(client, conversation.id)
  if (known && known.rev > conversation.rev) return
  const { unread = false, draft = false, mentioned = false } = known ?? {}
  show(client, { ...known, ...conversation, unread, draft, mentioned, ...own }, me)
}

/** Changes some fields of a conversation that is known here; what the hub says of it later counts. Answers how it was. */
export function patchFields(client: QueryClient, id: Id, fields: Partial<ConversationView>, me: Id): ConversationView | undefined {
  const known = knownConversation(client, id)
  if (known) show(client, { ...known, ...fields }, me)
  return known
}

/** Changes many conversations in every list at once, in place; those that no longer belong go. Lists they would come into are told by the hub. */
export function patchMany(client: QueryClient, ids: ReadonlySet<Id>, change: (conversation: ConversationView) => Partial<ConversationView>, me: Id): void {
  for (const id of ids) client.setQueryData<ConversationView>(keys.conversation(id), (known) => known && { ...known, ...change(known) })
  for (const [queryKey, pages] of client.getQueriesData<ConversationPages>({ queryKey: keys.allConversations })) {
    const filter = queryKey[1] as ConversationFilter
    const items = (page: Page<ConversationView>) => page.items.map((one) => (ids.has(one.id) ? { ...one, ...change(one) } : one)).filter((one) => !ids.has(one.id) || belongs(one, filter, me))
    if (pages) client.setQueryData(queryKey, { ...pages, pages: pages.pages.map((page) => ({ ...page, items: items(page) })) })
  }
}

function show(client: QueryClient, conversation: ConversationView, me: Id): void {
  if (client.getQueryData(keys.conversation(conversation.id))) client.setQueryData(keys.conversation(conversation.id), conversation)
  for (const [queryKey, pages] of client.getQueriesData<ConversationPages>({ queryKey: keys.allConversations })) {
    if (pages) client.setQueryData(queryKey, placed(pages, conversation, queryKey[1] as ConversationFilter, me))
  }
}

export function knownConversation(client: QueryClient, id: Id): ConversationView | undefined {
  const own = client.getQueryData<ConversationView>(keys.conversation(id))
  if (own) return own
  for (const [, pages] of client.getQueriesData<ConversationPages>({ queryKey: keys.allConversations })) {
    for (const page of pages?.pages ?? []) {
      const found = page.items.find((one) => one.id === id)
      if (found) return found
    }
  }
  return undefined
}

/** The same pages without the conversation's old row and with a new one where the order wants it, if that place is loaded. Pages nothing is done to stay as they are. */
export function placed(pages: ConversationPages, conversation: ConversationView, filter: ConversationFilter, me: Id): ConversationPages {
  const without = pages.pages.map((page) => (page.items.some((one) => one.id === conversation.id) ? { ...page, items: page.items.filter((one) => one.id !== conversation.id) } : page))
  if (!belongs(conversation, filter, me)) return without.every((page, at) => page === pages.pages[at]) ? pages : { ...pages, pages: without }
  const last = without.at(-1)
  for (const [at, page] of without.entries()) {
    const before = page.items.findIndex((one) => compare(conversation, one, filter.sort) < 0)
    const place = before < 0 && page === last && page.next_cursor === null ? page.items.length : before
    if (place >= 0) return { ...pages, pages: without.with(at, { ...page, items: page.items.toSpliced(place, 0, conversation) }) }
  }
  return { ...pages, pages: without }
}

function forgetConversation(client: QueryClient, id: Id): void {
  for (const [queryKey, pages] of client.getQueriesData<ConversationPages>({ queryKey: keys.allConversations })) {
    if (!pages) continue
    const without = pages.pages.map((page) => ({ ...page, items: page.items.filter((one) => one.id !== id) }))
    client.setQueryData(queryKey, { ...pages, pages: without })
  }
  void client.invalidateQueries({ queryKey: keys.conversation(id) })
}

/** Adds what was sent to its open timeline. Its event may have come before, and what happened to it since: then that stands. */
export function addSent(client: QueryClient, message: MessageView): void {
  const pages = client.getQueryData<MessagePages>(keys.messages(message.conversation_id))?.pages
  if (!pages?.some((page) => page.items.some((one) => one.id === message.id))) addMessage(client, message)
}

/**
 * A timeline is read again: at once where it is shown, else when it is wanted. One that nobody looks at is forgotten, for a later event would make
 * what is only marked as stale look fresh; and what is under way may have been read too early.
 */
export function readAgain(client: QueryClient, id: Id): void {
  const queryKey = keys.messages(id)
  client.removeQueries({ queryKey, type: 'inactive' })
  void client.cancelQueries({ queryKey }).then(() => client.invalidateQueries({ queryKey }))
}

const MOVES = new Set(['merged', 'unmerged', 'split'])

/** Whether messages with numbers of their own came or went with this one, anywhere in the timeline. */
const isMove = ({ direction, extra }: MessageView): boolean => direction === 'event' && MOVES.has(String(extra.event))

/** Adds a message to its open timeline, or replaces it there. An event carries only the beginning of a very long text (`extra.partial`): then the timeline is read again. */
export function addMessage(client: QueryClient, message: MessageView): void {
  if (message.extra.partial || isMove(message)) return readAgain(client, message.conversation_id)
  client.setQueryData<MessagePages>(keys.messages(message.conversation_id), (pages) => {
    if (!pages) return pages
    const known = pages.pages.flatMap((page) => page.items).find((one) => one.id === message.id)
    // One that was held back gets a new number when it leaves: then it stands last.
    if (known && known.n > message.n) return pages
    const rest = known && known.n < message.n ? without(pages.pages, message.id) : pages.pages
    return { ...pages, pages: known && rest === pages.pages ? replaced(rest, message) : appended(rest, message) }
  })
}

/** It was taken back before it left. */
function removeMessage(client: QueryClient, conversationId: Id, id: Id): void {
  client.setQueryData<MessagePages>(keys.messages(conversationId), (pages) => pages && { ...pages, pages: without(pages.pages, id) })
}

function without(pages: MessagePage[], id: Id): MessagePage[] {
  return pages.map((page) => ({ ...page, items: page.items.filter((one) => one.id !== id) }))
}

function replaced(pages: MessagePage[], message: MessageView): MessagePage[] {
  return pages.map((page) => ({ ...page, items: page.items.map((one) => (one.id === message.id ? { ...one, ...message } : one)) }))
}

/** The first page is the newest one. */
function appended(pages: MessagePage[], message: MessageView): MessagePage[] {
  const [newest, ...older] = pages
  if (!newest) return pages
  return [{ ...newest, items: [...newest.items, message].sort((a, b) => a.n - b.n) }, ...older]
}

function changeMessage(client: QueryClient, { message_id: id, conversation_id: conversationId, ...change }: MessageChange): void {
  client.setQueryData<MessagePages>(keys.messages(conversationId), (pages) => {
    if (!pages) return pages
    const items = (page: MessagePage) => page.items.map((one) => (one.id === id ? { ...one, ...change, n: one.n } : one))
    return { ...pages, pages: pages.pages.map((page) => ({ ...page, items: items(page) })) }
  })
}

function patchPresence(client: QueryClient, change: Partial<Presence> & Pick<Presence, 'user_id' | 'state'>): void {
  client.setQueryData<Presence[]>(keys.presence, (all) => {
    if (!all) return all
    const known = all.find((one) => one.user_id === change.user_id)
    const blank: Presence = { user_id: change.user_id, state: change.state, since: new Date().toISOString(), until: null, load: 0, capacity: 0, connected: true }
    return [...all.filter((one) => one !== known), { ...blank, ...known, ...change }]
  })
}
