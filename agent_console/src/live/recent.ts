import type { QueryClient } from '@tanstack/vue-query'

import type { Id } from '../api/types'
import { keys } from './keys'
import { knownConversation } from './patch'
import { messageQuery } from './queries'

const KEPT = 50

/** The conversations looked at last stay at hand, and the one that is expected next is fetched; older ones are forgotten. */
export function useRecent(client: QueryClient) {
  const ids = new Set<Id>()

  function touch(id: Id): void {
    ids.delete(id)
    ids.add(id)
    for (const old of [...ids].slice(0, -KEPT)) {
      ids.delete(old)
      client.removeQueries({ queryKey: keys.messages(old), type: 'inactive' })
      client.removeQueries({ queryKey: keys.conversation(old), type: 'inactive' })
    }
  }

  /** The list's row is all there is to know of a conversation but its messages. */
  function seed(id: Id): void {
    const known = knownConversation(client, id)
    if (known && !client.getQueryData(keys.conversation(id))) client.setQueryData(keys.conversation(id), known)
  }

  return {
    opened: (id: Id): void => (seed(id), touch(id)),
    expected: (id: Id): void => {
      seed(id)
      touch(id)
      void client.prefetchInfiniteQuery(messageQuery(id))
    },
  }
}
