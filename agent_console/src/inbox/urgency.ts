const SOON = 10 * 60_000
const LATE = 60 * 60_000

/** How long is too long, until queues have targets of their own: ten minutes, an hour. */
export function urgency(waited: number): 'calm' | 'soon' | 'late' {
  return waited >= LATE ? 'late' : waited >= SOON ? 'soon' : 'calm'
}
