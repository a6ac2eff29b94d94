import { QueryClient, type InfiniteData } from '@tanstack/vue-query'

import type { Capabilities, ConversationView, MessagePage, MessageView, Page, ReplyOption } from '../src/api/types'

export const ME = 'me'

export function conversation(part: Partial<ConversationView> & { id: string }): ConversationView {
  return {
    number: 1, subject: '', state: 'open', waiting_for: 'us', waiting_since: '2026-11-21T10:00:00Z', priority: 'normal', channel: 'webchat', channels: ['webchat'], account_id: null,
    queue_id: null, assignee_id: ME, customer: null, contact: '', candidates: 0, ticket_ids: [], snoozed_until: null, unread: false, preview: '', last_direction: 'in',
    last_message_at: '2026-11-21T10:00:00Z', created_at: '2026-11-21T09:00:00Z', updated_at: '2026-11-21T10:00:00Z', version: 1, last_in_n: 0, follows_id: null, link_reason: '',
    rev: 1, tags: [], draft: false, mentioned: false, snooze_reason: null, woken: null, merged_into: null, response_due_at: null, rating: null, ...part,
  }
}

export function message(part: Partial<MessageView> & { id: string; n: number }): MessageView {
  return {
    conversation_id: 'c1', channel: 'webchat', account_id: null, direction: 'in', kind: 'message', from: {}, to: [], cc: [], subject: '', text: part.id, reply_text: part.id, has_html: false,
    attachments: [], status: null, status_detail: '', journal_id: null, failure: null, notices: [], extra: {}, author_id: null, client_key: null, created_at: '2026-11-21T10:00:00Z', ...part,
  }
}

export const FULL: Capabilities = {
  features: { text: 'full', html: 'full', subject: 'full', files: 'full', cc: 'full', bcc: 'full' },
  length_unit: 'chars', max_length: null, max_files: null, max_file_bytes: null, max_total_bytes: null, content_types: [],
}

export function replyOption(part: Partial<ReplyOption> = {}): ReplyOption {
  return {
    channel: 'email', account_id: 'a1', account_name: 'service', to: [{ kind: 'email', address: 'wang@example.cn', name: '王小明' }], allowed: true, refusals: [],
    capabilities: FULL, default: true, subject: 'Re: hello', cc: [], suggested_cc: [], ...part,
  }
}

export const pagesOf = (items: ConversationView[], next: string | null = null): InfiniteData<Page<ConversationView>> => ({ pages: [{ items, next_cursor: next }], pageParams: [null] })
export const messagesOf = (items: MessageView[]): InfiniteData<MessagePage> => ({ pages: [{ items, has_more: false, read_n: 0 }], pageParams: [null] })
export const newClient = (): QueryClient => new QueryClient({ defaultOptions: { queries: { retry: false, staleTime: Infinity } } })
