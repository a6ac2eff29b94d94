import type { LocationQuery, LocationQueryRaw } from 'vue-router'

import { VIEWS, type ConversationFilter, type View } from '../live/keys'

/** What narrows a list, as it stands in the address: anyone who may see the conversations can be given it. */
export type Narrowing = Omit<ConversationFilter, 'view' | 'sort' | 'customer_id' | 'ticket_id'>

const WORDS = { queue: 'queue_id', channel: 'channel', assignee: 'assignee_id', tag: 'tag', priority: 'priority', waiting_for: 'waiting_for' } as const
const MARKS = ['unread', 'draft', 'mentioned', 'overdue'] as const
const SAVED = 'view-'
const BY_TIME: readonly View[] = ['snoozed', 'closed', 'drafts', 'mentions']

export type Sort = ConversationFilter['sort']

/** The views that stand in no other's order than their own time. */
export const hasTiers = (view: View): boolean => !BY_TIME.includes(view)

export function narrowingFrom(query: LocationQuery): Narrowing {
  const words = Object.entries(WORDS).flatMap(([word, field]) => (typeof query[word] === 'string' && query[word] ? [[field, query[word]]] : []))
  const marks = MARKS.flatMap((mark) => (query[mark] === 'true' ? [[mark, true]] : []))
  return Object.fromEntries([...words, ...marks]) as Narrowing
}

export function queryOf(narrowing: Partial<ConversationFilter>, sort?: Sort): LocationQueryRaw {
  const words = Object.entries(WORDS).flatMap(([word, field]) => (narrowing[field] ? [[word, narrowing[field]]] : []))
  const marks = MARKS.flatMap((mark) => (narrowing[mark] ? [[mark, 'true']] : []))
  return Object.fromEntries([...words, ...marks, ...(sort === 'newest' ? [['sort', sort]] : [])]) as LocationQueryRaw
}

export const sortFrom = (query: LocationQuery): Sort => (query.sort === 'newest' ? 'newest' : 'waiting')

/** The place in the address of a saved view, and back. */
export const placeOf = (savedId: string): string => SAVED + savedId
export const savedIn = (place: string): string | undefined => (place.startsWith(SAVED) ? place.slice(SAVED.length) : undefined)
export const viewIn = (place: string): View => VIEWS.find((view) => view === place) ?? 'all'

/** How many things narrow the list. */
export const narrowness = (narrowing: Narrowing): number => Object.values(narrowing).filter(Boolean).length
