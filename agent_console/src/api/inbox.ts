import type { ConversationFilter } from '../live/keys'
import { api, done } from './http'
import type { components } from './schema'
import type { ConversationView, Id, SnoozeReason, Time } from './types'

type Schemas = components['schemas']

export type TagView = Schemas['Tag']
export type ViewScope = Schemas['SavedView']['scope']

/** A filter with a name and an order. */
export type SavedView = Omit<Schemas['SavedView'], 'filter'> & { filter: Partial<Omit<ConversationFilter, 'sort'>> }
export type ViewDraft = Omit<SavedView, 'id' | 'version'>

/** What is done to many conversations at once. */
export type BulkAction =
  | { kind: 'assign'; agent_id: Id | null }
  | { kind: 'queue'; queue_id: Id }
  | { kind: 'snooze'; until?: Time; reason: SnoozeReason }
  | { kind: 'tag' | 'untag'; tag: string }
  | { kind: 'priority'; priority: ConversationView['priority'] }
  | { kind: 'close' | 'reopen' | 'read' }
export type BulkTarget = { ids: Id[] } | { filter: Partial<ConversationFilter> }
export type BulkState = Schemas['BulkView']

const queue = (id: Id) => ({ params: { path: { queue_id: id } } })
const view = (id: Id) => ({ params: { path: { view_id: id } } })
const bulk = (id: Id) => ({ params: { path: { bulk_id: id } } })
const tagged = (id: Id, name: string) => ({ params: { path: { conversation_id: id, name } } })

/** What the list asks of the hub beyond reading it. */
export const inbox = {
  openSpans: (id: Id) => done(api.GET('/api/v1/queues/{queue_id}/open-spans', queue(id))),
  tags: () => done(api.GET('/api/v1/tags')),
  addTag: (body: Pick<TagView, 'name' | 'colour'>) => done(api.POST('/api/v1/tags', { body })),
  tag: (id: Id, name: string) => done(api.PUT('/api/v1/conversations/{conversation_id}/tags/{name}', tagged(id, name))),
  untag: (id: Id, name: string) => done(api.DELETE('/api/v1/conversations/{conversation_id}/tags/{name}', tagged(id, name))),
  views: () => done(api.GET('/api/v1/views')) as Promise<SavedView[]>,
  addView: (body: ViewDraft) => done(api.POST('/api/v1/views', { body })) as Promise<SavedView>,
  changeView: (id: Id, body: Partial<ViewDraft> & { version: number }) => done(api.PATCH('/api/v1/views/{view_id}', { ...view(id), body })) as Promise<SavedView>,
  removeView: (id: Id) => done(api.DELETE('/api/v1/views/{view_id}', view(id))),
  bulk: (body: BulkTarget & { action: BulkAction }) => done(api.POST('/api/v1/conversations/bulk', { body })),
  bulkState: (id: Id) => done(api.GET('/api/v1/conversations/bulk/{bulk_id}', bulk(id))),
  undoBulk: (id: Id) => done(api.POST('/api/v1/conversations/bulk/{bulk_id}/undo', bulk(id))),
}
