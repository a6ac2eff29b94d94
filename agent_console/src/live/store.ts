import { useQueryClient } from '@tanstack/vue-query'
import { defineStore } from 'pinia'
import { computed, effectScope, ref, shallowRef } from 'vue'

import { hub } from '../api/hub'
import { ApiError } from '../api/http'
import type { Counts, Id } from '../api/types'
import { Pruned, useEventCursor, type EventFeed } from './cursor'
import type { LiveEvent, Notice } from './events'
import { keys } from './keys'
import { patch } from './patch'
import { useReplay } from './replay'
import { Sio } from './sio'

export type LineState = 'connecting' | 'live' | 'lost'

const PATIENCE = 1500
const TYPING_LASTS = 6000

/** The one live connection of this page: what comes in patches the query cache, what may be lost is kept here. */
export const useLive = defineStore('live', () => {
  const client = useQueryClient()
  const line = ref<LineState>('connecting')
  const typing = ref(new Map<Id, { name: string; customer: boolean }>())
  const viewers = ref(new Map<Id, { conversationId: Id; name: string }>())
  const socket = shallowRef<Sio>()
  const listeners = new Set<(event: LiveEvent) => void>()
  const watchers = new Set<(event: LiveEvent) => void>()
  let end: (() => void) | undefined
  let self: Id = ''
  let at: Id | null = null // what this page looks at

  /** Settles when events flow, or after a moment: what is fetched from then on misses nothing. */
  function start(me: Id): Promise<void> {
    stop()
    self = me
    let greeted = (): void => {}
    const ready = new Promise<void>((resolve) => (greeted = resolve))
    const patience = setTimeout(greeted, PATIENCE)
    const scope = effectScope(true)
    const replay = useReplay(client, me)
    const stream = scope.run(() => useEventCursor(feed, (event) => (applied(event, me), replay.heard(event)), reload))!
    const connection = new Sio(location.origin, { namespace: '/agent', auth: () => ({ cursor: stream.cursor.value ?? undefined }) })
    connection
      .on('hello', (hello: { cursor: string; resync: boolean }) => {
        line.value = 'live'
        void client.refetchQueries({ type: 'active', predicate: ({ state }) => state.status === 'error' }) // what failed while there was no line
        if (hello.resync || !stream.cursor.value) {
          reload() // nothing yet, where the hello came in time
          stream.restart(hello.cursor)
        }
        greeted()
      })
      .on('resync', ({ cursor }: { cursor: string }) => {
        stream.restart(cursor)
        reload()
      })
      .on('event', (event: LiveEvent) => listeners.forEach((take) => take(event)))
      .on('notice', noticed)
      .on('bye', ({ retry }: { retry?: boolean }) => {
        if (!retry) reload() // the first answer 401 shows the sign-in page
      })
      .on('disconnect', () => {
        line.value = 'lost'
        forgetOthers()
      })
    const hurry = (): void => connection.hurry()
    window.addEventListener('online', hurry)
    document.addEventListener('visibilitychange', hurry)
    socket.value = connection
    end = () => {
      window.removeEventListener('online', hurry)
      document.removeEventListener('visibilitychange', hurry)
      clearTimeout(patience)
      connection.close()
      replay.stop()
      scope.stop()
    }
    return ready
  }

  function stop(): void {
    end?.()
    end = undefined
    line.value = 'connecting'
    forgetOthers()
  }

  const feed: EventFeed = {
    subscribe(take) {
      listeners.add(take)
      return () => listeners.delete(take)
    },
    since: eventsSince,
  }

  function applied(event: LiveEvent, me: Id): void {
    if (event.type === 'resync') return reload()
    patch(client, event, me)
    if (event.type === 'message.added') typing.value.delete(event.data.message.conversation_id)
    watchers.forEach((tell) => tell(event))
  }

  function reload(): void {
    client.removeQueries({ type: 'inactive' }) // a later event would make what is only marked look fresh
    void client.invalidateQueries()
  }

  const stops = new Map<Id, ReturnType<typeof setTimeout>>()
  function noticed(notice: Notice): void {
    if ((notice.topic === 'typing' || notice.topic === 'viewing') && notice.data.user_id === self) return // one's own other pages
    switch (notice.topic) {
      case 'typing':
        return setTyping(notice.data.conversation_id, notice.data.typing, notice.data.name ?? '', !notice.data.user_id)
      case 'viewing':
        return setViewing(notice.data.user_id, notice.data.viewing ? { conversationId: notice.data.conversation_id, name: notice.data.name ?? '' } : null)
      case 'counts':
        return counted(notice.data)
      case 'presence':
        return patch(client, { type: 'presence.changed', data: notice.data }, '')
    }
  }

  /** What is being fetched may be older than what was just said: then it is fetched again. */
  function counted(change: Partial<Counts>): void {
    if (client.isFetching({ queryKey: keys.counts })) void client.invalidateQueries({ queryKey: keys.counts })
    else client.setQueryData<Counts>(keys.counts, (known) => known && recounted(known, change))
  }

  /** Who else looks at each conversation. */
  const viewing = computed(() => {
    const names = new Map<Id, string[]>()
    for (const { conversationId, name } of viewers.value.values()) names.set(conversationId, [...(names.get(conversationId) ?? []), name])
    return names
  })

  function setViewing(userId: Id, where: { conversationId: Id; name: string } | null): void {
    const isNews = where?.conversationId !== viewers.value.get(userId)?.conversationId
    if (where) viewers.value.set(userId, where)
    else viewers.value.delete(userId)
    if (where && isNews && where.conversationId === at) sayViewing(at) // whoever has just come does not know who was here before
  }

  /** Who goes while there is no line says so to nobody here. */
  function forgetOthers(): void {
    viewers.value.clear()
    typing.value.clear()
  }

  function setTyping(id: Id, on: boolean, name: string, customer: boolean): void {
    clearTimeout(stops.get(id))
    if (!on) return void typing.value.delete(id)
    typing.value.set(id, { name, customer })
    stops.set(id, setTimeout(() => typing.value.delete(id), TYPING_LASTS))
  }

  /** Called with each event after it was applied: sounds, notifications, announcements. */
  function watchEvents(tell: (event: LiveEvent) => void): () => void {
    watchers.add(tell)
    return () => watchers.delete(tell)
  }

  const sayTyping = (id: Id, on: boolean): void => socket.value?.emit('typing', { conversation_id: id, typing: on })
  const sayViewing = (id: Id | null): void => {
    at = id
    socket.value?.emit('viewing', { conversation_id: id })
  }

  return { line, typing, viewers, viewing, start, stop, watchEvents, sayTyping, sayViewing }
})

/** Totals with what changed; each part says only its own. */
export function recounted(known: Counts, change: Partial<Counts>): Counts {
  const parts = Object.entries(change).map(([part, totals]) => [part, { ...known[part as keyof Counts], ...totals }])
  return { ...known, ...Object.fromEntries(parts) }
}

/** The log after `cursor`, page by page. */
async function eventsSince(cursor: string): Promise<LiveEvent[]> {
  const events: LiveEvent[] = []
  for (;;) {
    const page = await pageAfter(events.at(-1)?.cursor ?? cursor)
    if (!page.length) return events
    events.push(...page)
  }
}

async function pageAfter(cursor: string): Promise<LiveEvent[]> {
  try {
    return (await hub.eventsAfter(cursor)).items as LiveEvent[]
  } catch (error) {
    if (error instanceof ApiError && error.status === 410) throw new Pruned()
    throw error
  }
}
