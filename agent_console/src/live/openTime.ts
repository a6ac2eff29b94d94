import { useQueries } from '@tanstack/vue-query'
import { computed } from 'vue'

import { inbox } from '../api/inbox'
import type { Id, Time } from '../api/types'
import { keys } from './keys'
import { useQueues } from './queries'

export interface Span {
  start: Time
  end: Time
}

/** How much of the time between two moments lies in open hours: milliseconds, of what the spans cover. */
export function openTime(spans: readonly Span[], from: number, to: number): number {
  return spans.reduce((sum, span) => sum + Math.max(0, Math.min(Date.parse(span.end), to) - Math.max(Date.parse(span.start), from)), 0)
}

const REFRESH = 60 * 60_000

/** Business time between two moments in a queue; by the wall clock where it is always open, or its hours are not known yet. */
export type Measure = (queueId: Id | null, from: number, to: number) => number

export function useOpenTime(): Measure {
  const { data: queues } = useQueues()
  const timed = computed(() => (queues.value ?? []).filter((queue) => queue.calendar_id).map((queue) => queue.id))
  const answers = useQueries({ queries: computed(() => timed.value.map((id) => ({ queryKey: keys.openSpans(id), queryFn: () => inbox.openSpans(id), refetchInterval: REFRESH }))) })
  const spans = computed(() => new Map(timed.value.map((id, at) => [id, answers.value[at]?.data])))
  return (queueId, from, to) => {
    const open = queueId ? spans.value.get(queueId) : undefined
    return open ? openTime(open, from, to) : to - from
  }
}
