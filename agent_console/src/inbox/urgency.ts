import type { ConversationView } from '../api/types'

const SOON = 10 * 60_000
const LATE = 60 * 60_000
const DUE_SOON = 15 * 60_000

export type Tone = 'calm' | 'soon' | 'late'

/** How long is too long where nothing was promised: ten minutes, an hour. */
export function urgency(waited: number): Tone {
  return waited >= LATE ? 'late' : waited >= SOON ? 'soon' : 'calm'
}

/** What the row says of the clock: time left or over of a promised answer, else the time already waited. Milliseconds. */
export type Clock = { says: 'due_in' | 'overdue_by' | 'waited'; time: number; tone: Tone }

export function clockOf({ waiting_for, waiting_since, response_due_at, state }: ConversationView, now: number): Clock | null {
  if (waiting_for !== 'us' || state === 'closed') return null
  if (response_due_at) {
    const left = new Date(response_due_at).getTime() - now
    return left > 0 ? { says: 'due_in', time: left, tone: left < DUE_SOON ? 'soon' : 'calm' } : { says: 'overdue_by', time: -left, tone: 'late' }
  }
  if (!waiting_since) return null
  const time = now - new Date(waiting_since).getTime()
  return { says: 'waited', time, tone: urgency(time) }
}
