import type { QueryClient } from '@tanstack/vue-query'

import type { Id } from '../api/types'
import type { HubEvent, LiveEvent } from './events'
import { patch } from './patch'

/**
 * What is being fetched may have been read before an event that came meanwhile: when it is here, those events are said to it again, in order.
 *
 * Said twice, they leave what they left the first time. Those that make something be fetched anew need no repeating.
 */
export function useReplay(client: QueryClient, me: Id): { heard: (event: LiveEvent) => void; stop: () => void } {
  let meanwhile: HubEvent[] = []
  const stop = client.getQueryCache().subscribe((change) => {
    if (change.type !== 'updated' || change.action.type !== 'success' || change.action.manual || !meanwhile.length) return
    const events = meanwhile
    if (!client.isFetching()) meanwhile = []
    for (const event of events) patch(client, event, me)
  })

  function heard(event: LiveEvent): void {
    if (client.isFetching() && isRepeatable(event)) meanwhile.push(event)
  }
  return { heard, stop }
}

function isRepeatable(event: LiveEvent): event is LiveEvent & HubEvent {
  switch (event.type) {
    case 'message.added':
    case 'conversation.created':
      return !event.data.message?.extra.partial
    case 'conversation.read':
    case 'message.changed':
    case 'message.removed':
    case 'conversation.changed':
    case 'conversation.moved':
    case 'conversation.appeared':
    case 'offer.made':
    case 'offer.ended':
    case 'presence.changed':
      return true
    default:
      return false
  }
}
