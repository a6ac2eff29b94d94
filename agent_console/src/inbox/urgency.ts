import type { ConversationView } from '../api/types'
import type { Measure } from '../live/openTime'

const SOON = 10 * 60_000
const LATE = 60 * 60_000
const DUE_SOON = 15 * 60_000

export type Tone = 'calm' | 'soon' | 'late'

/** How long is too long where nothing was promised: ten minutes, an hour. */
export function urgency(waited: number): Tone {
  return waited >= LATE ? 'late' : waited >= SOON ? 'soon' : 'calm'
}

/** What the row says of the clock: time left or over of a promised answer, else the time already waited. Milliseconds of business time. */
export type Clock = { says: 'due_in' | 'overdue_by' | 'waited'; time: number; tone: Tone }

export function clockOf({ waiting_for, waiting_since, response_due_at, state, queue_id }: ConversationView, now: number, measure: Measure): Clock | null {
  if (waiting_for !== 'us' || state === 'closed') return null
  if (response_due_at) {
    const due = new Date(response_due_at).getTime()
    if (due <= now) return { says: 'overdue_by', time: measure(queue_id, due, now), tone: 'late' }
    const left = measure(queue_id, now, due)
    return { says: 'due_in', time: left, tone: left < DUE_SOON ? 'soon' : 'calm' }
  }
  if (!waiting_since) return null
  const time = measure(queue_id, new Date(waiting_since).getTime(), now)
  return { says: 'waited', time, tone: urgency(time) }
}
