import type { MessagePage, MessageView } from '../api/types'
import type { Outgoing } from '../composer/outbox'

const SAME_BREATH = 5 * 60_000

export type Entry =
  | { kind: 'day'; key: string; at: string }
  | { kind: 'event'; key: string; message: MessageView }
  | { kind: 'message'; key: string; message: MessageView; follows: boolean }
  | { kind: 'outgoing'; key: string; outgoing: Outgoing }

/** One timeline, oldest first, from pages that came newest first, with what is still on its way at the end. */
export function timeline(pages: readonly MessagePage[], outgoing: readonly Outgoing[]): Entry[] {
  const messages = pages.toReversed().flatMap((page) => page.items)
  const stored = new Set(messages.map((message) => message.client_key))
  const entries: Entry[] = []
  let before: MessageView | undefined
  for (const message of messages) {
    if (!before || !sameDay(before.created_at, message.created_at)) entries.push({ kind: 'day', key: 'day' + message.id, at: message.created_at })
    if (message.direction === 'event') entries.push({ kind: 'event', key: message.id, message })
    else entries.push({ kind: 'message', key: message.id, message, follows: follows(before, message) })
    before = message
  }
  for (const one of outgoing) if (!stored.has(one.clientKey)) entries.push({ kind: 'outgoing', key: one.clientKey, outgoing: one })
  return entries
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
