import type { Message } from './model'

/** Both lists as one, each message once (what came later wins), in the order of their numbers. */
export function merge(known: readonly Message[], come: readonly Message[]): Message[] {
  const byId = new Map(known.map((message) => [message.id, message]))
  for (const message of come) byId.set(message.id, message)
  return [...byId.values()].sort((a, b) => a.n - b.n)
}

export const withStatus = (known: readonly Message[], id: string, status: string | null): Message[] =>
  known.map((message) => (message.id === id ? { ...message, status } : message))

/** What we said that the visitor has not seen; `readUpTo` is the number up to which this page knows he has. */
export const unread = (known: readonly Message[], readUpTo: number): Message[] =>
  known.filter(({ direction, status, n }) => direction === 'out' && status !== 'read' && n > readUpTo)

/** Ids of messages that reached this page without the server knowing. */
export const unreported = (messages: readonly Message[]): string[] =>
  messages
    .filter(({ direction, status }) => direction === 'out' && status !== 'delivered' && status !== 'read')
    .map(({ id }) => id)
