import type { WallboardView } from '../api/types'

export type Queue = WallboardView['queues'][number]
export type Agent = WallboardView['agents'][number]
export type Alarm = 'calm' | 'long' | 'soon' | 'alone' | 'overdue'

const FRESH = 20_000
const LONG = 10 * 60_000
const SOON = 5 * 60_000

/** How bad it is that this queue's customers wait: past what was promised, with nobody there for them, nearly past it; long, where nothing was promised. */
export function alarm(queue: Queue, now: number): Alarm {
  if (queue.overdue > 0) return 'overdue'
  if (queue.waiting > 0 && queue.online === 0) return 'alone'
  if (queue.promises) return queue.next_due_at && new Date(queue.next_due_at).getTime() - now <= SOON ? 'soon' : 'calm'
  return queue.oldest_waiting_at && now - new Date(queue.oldest_waiting_at).getTime() >= LONG ? 'long' : 'calm'
}

/** Worst first, then by name, so that a tile keeps its place as long as nothing turns bad. */
export function ordered(queues: readonly Queue[], now: number): Queue[] {
  const worth = { overdue: 0, alone: 1, soon: 2, long: 2, calm: 3 }
  return queues.toSorted((a, b) => worth[alarm(a, now)] - worth[alarm(b, now)] || a.name.localeCompare(b.name))
}

export const isStale = (at: number, now: number): boolean => now - at > FRESH

export interface Box {
  width: number
  height: number
}

export interface Shape {
  columns: number
  rows: number
  pages: number
}

const places = (room: number, least: number, gap: number): number => Math.max(1, Math.floor((room + gap) / (least + gap)))

/** How to show so many tiles in a box: none smaller than `least`, on as few pages as that takes, evenly filled, and there as large as can be. */
export function shapeOf(count: number, box: Box, least: Box, gap: number): Shape {
  const most = { columns: places(box.width, least.width, gap), rows: places(box.height, least.height, gap) }
  const pages = Math.max(1, Math.ceil(count / (most.columns * most.rows)))
  const each = Math.max(1, Math.ceil(count / pages))
  const found = { columns: most.columns, rows: Math.ceil(each / most.columns), pages }
  let size = 0
  for (let columns = 1; columns <= Math.min(each, most.columns); columns++) {
    const rows = Math.ceil(each / columns)
    const now = Math.min(box.width / columns, (box.height / rows) * (least.width / least.height))
    if (rows <= most.rows && now > size) ((size = now), Object.assign(found, { columns, rows }))
  }
  return found
}

const STATES = ['online', 'busy', 'wrap_up', 'away', 'offline']

/** Who works first, those who are gone last; within, by name. */
export const lined = (agents: readonly Agent[]): Agent[] => agents.toSorted((a, b) => STATES.indexOf(a.state) - STATES.indexOf(b.state) || a.name.localeCompare(b.name))

/** How many agents are in each state, in that order. */
export const counted = (agents: readonly Agent[]): { state: string; count: number }[] => STATES.map((state) => ({ state, count: agents.filter((one) => one.state === state).length }))

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
