import type { WallboardView } from '../api/types'

export type Queue = WallboardView['queues'][number]
export type Agent = WallboardView['agents'][number]

const FRESH = 20_000
const LONG = 10 * 60_000

/** How bad it is that this queue's customers wait: past what was promised, or long, or with nobody there for them. */
export function alarm(queue: Queue, now: number): 'calm' | 'long' | 'alone' | 'overdue' {
  const waited = queue.oldest_waiting_at ? now - new Date(queue.oldest_waiting_at).getTime() : 0
  if (queue.overdue > 0) return 'overdue'
  if (queue.waiting > 0 && queue.online === 0) return 'alone'
  return waited >= LONG ? 'long' : 'calm'
}

/** Worst first, then by name, so that a tile keeps its place as long as nothing turns bad. */
export function ordered(queues: readonly Queue[], now: number): Queue[] {
  const worth = { overdue: 0, alone: 1, long: 2, calm: 3 }
  return queues.toSorted((a, b) => worth[alarm(a, now)] - worth[alarm(b, now)] || a.name.localeCompare(b.name))
}

export const isStale = (at: number, now: number): boolean => now - at > FRESH

/** The grid with the largest tiles that holds so many without scrolling; `ratio` is width to height of the best-looking tile. */
export function grid(count: number, width: number, height: number, ratio: number): { columns: number; rows: number } {
  let best = { columns: 1, rows: Math.max(1, count), size: 0 }
  for (let columns = 1; columns <= Math.max(1, count); columns++) {
    const rows = Math.ceil(Math.max(1, count) / columns)
    const size = Math.min(width / columns, (height / rows) * ratio)
    if (size > best.size) best = { columns, rows, size }
  }
  return { columns: best.columns, rows: best.rows }
}

const STATES = ['online', 'busy', 'wrap_up', 'away', 'offline']

/** Who works first, those who are gone last; within, by name. */
export const lined = (agents: readonly Agent[]): Agent[] => agents.toSorted((a, b) => STATES.indexOf(a.state) - STATES.indexOf(b.state) || a.name.localeCompare(b.name))

export interface Totals {
  waiting: number
  oldest: string | null
  overdue: number
  open: number
  online: number
  free: number
}

/** The numbers over everything. Who works several queues is one agent. */
export function totals({ queues, agents }: WallboardView): Totals {
  const sum = (of: (queue: Queue) => number): number => queues.reduce((all, queue) => all + of(queue), 0)
  const online = agents.filter((one) => one.state === 'online')
  return {
    waiting: sum((queue) => queue.waiting),
    oldest: queues.map((queue) => queue.oldest_waiting_at).filter((at) => at !== null).toSorted()[0] ?? null,
    overdue: sum((queue) => queue.overdue),
    open: sum((queue) => queue.open),
    online: online.length,
    free: online.filter((one) => one.load < one.capacity).length,
  }
}
