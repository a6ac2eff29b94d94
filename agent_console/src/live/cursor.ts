import { onScopeDispose, readonly, shallowRef, type Ref } from 'vue'

import type { LiveEvent } from './events'

export type Cursor = string

/** Where events come from: pushed ones, each with the cursor sent before it, and the log to fetch what was missed. */
export interface EventFeed {
  subscribe(take: (event: LiveEvent) => void): () => void
  /** All events after `cursor`, oldest first. Rejects with `Pruned` when the log no longer reaches back so far. */
  since(cursor: Cursor): Promise<LiveEvent[]>
}

/** The log begins after this cursor, or is another log: only a full reload helps. */
export class Pruned extends Error {}

const PAUSES = [500, 2000, 5000] // milliseconds between tries to fetch what was missed

/**
 * Applies each event of one stream exactly once, in order, refetching what was missed.
 *
 * When a refetch fails for good, `reload` is called (everything shown is to be fetched anew) and the stream goes on from the event at hand.
 */
export function useEventCursor(feed: EventFeed, apply: (event: LiveEvent) => void, reload: () => void) {
  const cursor: Ref<Cursor | null> = shallowRef(null)
  let refetched = new Set<Cursor>()
  let queue = Promise.resolve()

  function take(event: LiveEvent): void {
    cursor.value = event.cursor
    apply(event)
  }

  async function receive(event: LiveEvent): Promise<void> {
    if (refetched.has(event.cursor)) return
    if (cursor.value !== null && event.prev !== cursor.value) await catchUp(cursor.value, event)
    if (refetched.has(event.cursor)) return
    refetched = new Set()
    take(event)
  }

  async function catchUp(from: Cursor, event: LiveEvent): Promise<void> {
    try {
      for (const missed of await patiently(() => feed.since(from))) {
        refetched.add(missed.cursor)
        take(missed)
      }
    } catch {
      reload()
      cursor.value = event.prev ?? event.cursor
    }
  }

  onScopeDispose(
    feed.subscribe((event) => {
      queue = queue.then(() => receive(event)).catch(stumbled)
    }),
  )

  /** One event that cannot be taken must not end all: what is shown is fetched anew, and the stream goes on. */
  function stumbled(error: unknown): void {
    reportError(error)
    reload()
  }

  /** Begin at `at`: after signing in, or when the hub said that this log is a new one. */
  function restart(at: Cursor): void {
    queue = queue.then(() => {
      cursor.value = at
      refetched = new Set()
    })
  }

  return { cursor: readonly(cursor), restart, settled: () => queue }
}

async function patiently<T>(act: () => Promise<T>): Promise<T> {
  for (const pause of PAUSES) {
    try {
      return await act()
    } catch (error) {
      if (error instanceof Pruned) throw error
      await new Promise((resolve) => setTimeout(resolve, pause))
    }
  }
  return act()
}
