import type { Channel, MessagePage, MessageView } from '../api/types'
import type { Outgoing } from '../composer/outbox'

const SAME_BREATH = 5 * 60_000

export type Kind = 'all' | 'messages' | 'notes' | 'events'

/** Which entries are shown; everything unless somebody asks for less. */
export interface Shown {
  kind: Kind
  channel: Channel | null
}
export const EVERYTHING: Shown = { kind: 'all', channel: null }

export type Entry =
  | { kind: 'day'; key: string; at: string }
  | { kind: 'unread'; key: string; first: boolean }
  | { kind: 'event'; key: string; message: MessageView }
  | { kind: 'message'; key: string; message: MessageView; follows: boolean }
  | { kind: 'outgoing'; key: string; outgoing: Outgoing }

/**
 * One timeline, oldest first, from pages that came newest first, with what is still on its way at the end. `readTo`: a line stands before the first
 * message that came in after this number.
 */
export function timeline(pages: readonly MessagePage[], outgoing: readonly Outgoing[], { readTo = Infinity, shown = EVERYTHING }: { readTo?: number; shown?: Shown } = {}): Entry[] {
  const messages = messagesOf(pages)
  const stored = new Set(messages.map((message) => message.client_key))
  const firstNew = messages.find((message) => isNew(message, readTo))
  const entries: Entry[] = []
  let before: MessageView | undefined
  for (const message of messages.filter((one) => isShown(one, shown) || one === firstNew)) {
    if (!before || !sameDay(before.created_at, message.created_at)) entries.push({ kind: 'day', key: 'day' + message.id, at: message.created_at })
    if (message === firstNew) {
      entries.push({ kind: 'unread', key: 'unread', first: message === messages[0] })
      before = undefined
    }
    if (!isShown(message, shown)) continue
    if (message.direction === 'event') entries.push({ kind: 'event', key: message.id, message })
    else entries.push({ kind: 'message', key: message.id, message, follows: follows(before, message) })
    before = message
  }
  for (const one of outgoing) if (!stored.has(one.clientKey)) entries.push({ kind: 'outgoing', key: one.clientKey, outgoing: one })
  return entries
}

export const messagesOf = (pages: readonly MessagePage[]): MessageView[] => pages.toReversed().flatMap((page) => page.items)

export const isNew = (message: MessageView, readTo: number): boolean => message.direction === 'in' && message.n > readTo

export function isShown(message: MessageView, { kind, channel }: Shown): boolean {
  if (channel && message.direction !== 'note' && message.direction !== 'event' && message.channel !== channel) return false
  switch (kind) {
    case 'all':
      return true
    case 'messages':
      return message.direction === 'in' || message.direction === 'out'
    case 'notes':
      return message.direction === 'note'
    case 'events':
      return message.direction === 'event'
  }
}

function follows(before: MessageView | undefined, message: MessageView): boolean {
  return (
    before !== undefined &&
    before.direction === message.direction &&
    before.channel === message.channel &&
    before.author_id === message.author_id &&
    message.channel !== 'email' &&
    new Date(message.created_at).getTime() - new Date(before.created_at).getTime() < SAME_BREATH
  )
}

function sameDay(a: string, b: string): boolean {
  return new Date(a).toDateString() === new Date(b).toDateString()
}
