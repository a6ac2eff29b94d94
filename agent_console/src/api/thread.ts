import { ApiError, api, done } from './http'
import type * as T from './types'
import type { Mode, Written } from '../composer/drafts'


const base = (messageId: T.Id, attachmentId: T.Id): string => `/api/v1/messages/${messageId}/attachments/${attachmentId}`

export interface Waveform {
  seconds: number
  /** Loudness from 0 to 255, evenly over the whole length. */
  peaks: number[]
}

/** A draft as the hub keeps it. */
export interface DraftView {
  mode: Mode
  revision: number
  text: string
  html: string | null
  subject: string | null
  account_id: T.Id | null
  to: { address: string }[]
  cc: { address: string }[]
  bcc: { address: string }[]
  attachments: T.Upload[]
  forward_of: T.Id | null
}

/** Several actions with one key; `key` as `strokeOf` writes it. */
export interface Macro {
  id: T.Id
  title: string
  key: string
  scope: 'mine' | 'team' | 'everybody'
  actions: { kind: string; text?: string; name?: string; priority?: string }[]
}

export interface Outcome {
  kind: string
  ok: boolean
  code: string
  detail: string
}

/** What only an open conversation asks of the hub; loaded with it. */
export const threads = {
  previewAddress: (messageId: T.Id, attachmentId: T.Id, width: number, page = 1) => `${base(messageId, attachmentId)}/preview?width=${width}&page=${page}`,
  waveform: (messageId: T.Id, attachmentId: T.Id) => fetched(`${base(messageId, attachmentId)}/waveform`).then((response) => response.json() as Promise<Waveform>),

  /** How many pages a file has that is shown page by page; raises `ApiError` where there is no preview. */
  async pages(messageId: T.Id, attachmentId: T.Id, width: number): Promise<number> {
    return Number((await fetched(threads.previewAddress(messageId, attachmentId, width))).headers.get('X-Page-Count') ?? 1)
  },

  drafts: (id: T.Id) => ask<DraftView[]>('GET', draftPath(id)),
  putDraft: (id: T.Id, mode: Mode, written: Written, revision: number) => ask<DraftView>('PUT', draftPath(id, mode), { ...contentOf(written), revision }),
  dropDraft: (id: T.Id, mode: Mode, revision: number) => ask<void>('DELETE', `${draftPath(id, mode)}?revision=${revision}`),

  /** `null` where there is none (any more). */
  draft: (id: T.Id, mode: Mode) => threads.drafts(id).then((all) => all.find((one) => one.mode === mode) ?? null),

  /** Takes back a message that has not left; answers the draft it becomes again. */
  takeBack: (messageId: T.Id) => ask<DraftView>('DELETE', `/api/v1/messages/${messageId}`),

  merge: (id: T.Id, intoId: T.Id) => done(api.POST('/api/v1/conversations/{conversation_id}/merge', { ...at(id), body: { into_id: intoId } })) as Promise<T.ConversationView>,
  unmerge: (id: T.Id) => done(api.POST('/api/v1/conversations/{conversation_id}/unmerge', at(id))) as Promise<T.ConversationView>,
  split: (id: T.Id, messageIds: T.Id[]) => done(api.POST('/api/v1/conversations/{conversation_id}/split', { ...at(id), body: { message_ids: messageIds } })) as Promise<{ conversation: T.ConversationView }>,

  macros: () => ask<Macro[]>('GET', '/api/v1/macros'),
  runMacro: (id: T.Id, macroId: T.Id, key: T.Id) => ask<{ done: Outcome[]; finished: boolean }>('POST', `/api/v1/conversations/${id}/macros/${macroId}`, { client_key: key }),

  source: (messageId: T.Id) => fetched(`/api/v1/messages/${messageId}/raw`).then((response) => response.text()),
  conversationsOf: (customerId: T.Id) => done(api.GET('/api/v1/conversations', { params: { query: { view: 'all', customer_id: customerId, limit: 50 } } })),
}

const at = (id: T.Id) => ({ params: { path: { conversation_id: id } } })
const draftPath = (id: T.Id, mode?: Mode): string => `/api/v1/conversations/${id}/drafts` + (mode ? '/' + mode : '')
const parties = (addresses: string[] | null): { address: string }[] => (addresses ?? []).map((address) => ({ address }))
const contentOf = ({ files, ...written }: Written) => ({ ...written, to: parties(written.to), cc: parties(written.cc), bcc: parties(written.bcc), attachment_ids: files.map((file) => file.id) })
const ask = <R>(method: 'GET' | 'PUT' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<R> => done((api[method] as never as (path: string, init: object) => never)(path, body === undefined ? {} : { body }))

/** An answer that is no JSON, or that no document describes. */
async function fetched(path: string): Promise<Response> {
  const response = await fetch(path)
  if (!response.ok) throw new ApiError({ code: 'unexpected', ...(await response.json().catch(() => ({}))), status: response.status })
  return response
}
