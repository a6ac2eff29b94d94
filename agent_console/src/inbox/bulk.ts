import type { BulkAction, BulkState } from '../api/inbox'
import type { ConversationView } from '../api/types'

const PAUSE = 300 // milliseconds between two looks at the progress

/** What a conversation will be like, for the frame in which somebody decided so. */
export function foreseen(conversation: ConversationView, action: BulkAction): Partial<ConversationView> {
  switch (action.kind) {
    case 'assign':
      return { assignee_id: action.agent_id }
    case 'queue':
      return { queue_id: action.queue_id }
    case 'snooze':
      return { state: 'snoozed', snoozed_until: action.until ?? null, snooze_reason: action.reason }
    case 'tag':
      return { tags: [...new Set([...conversation.tags, action.tag])].sort() }
    case 'untag':
      return { tags: conversation.tags.filter((tag) => tag !== action.tag) }
    case 'priority':
      return { priority: action.priority }
    case 'close':
      return { state: 'closed' }
    case 'reopen':
      return { state: 'open', snoozed_until: null }
    case 'read':
      return { unread: false, mentioned: false, woken: null }
  }
}

/** What was foreseen and did not come, undone; what the hub has said since stands. */
export function asItWas(now: ConversationView, was: ConversationView | undefined, action: BulkAction): Partial<ConversationView> {
  if (!was || now.rev !== was.rev) return {}
  const fields = Object.keys(foreseen(was, action)) as (keyof ConversationView)[]
  return Object.fromEntries(fields.map((field) => [field, was[field]]))
}

/** Looks until the work is finished; `told` hears of every step. */
export async function finished(state: BulkState, look: () => Promise<BulkState>, told: (state: BulkState) => void): Promise<BulkState> {
  for (let now = state; ; now = await look()) {
    told(now)
    if (now.finished) return now
    await new Promise((resolve) => setTimeout(resolve, PAUSE))
  }
}
