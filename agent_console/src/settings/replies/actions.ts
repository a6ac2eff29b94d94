import type { components } from '../../api/schema'

export type Action = components['schemas']['MacroView']['actions'][number]
export type Kind = Action['kind']

export const KINDS: readonly Kind[] = ['reply', 'note', 'tag', 'untag', 'assign', 'queue', 'priority', 'snooze', 'close', 'reopen']
export const MOST_ACTIONS = 20

/** A new action of a kind, with the value most people want. */
export function blankAction(kind: Kind, first: { queue?: string; tag?: string }): Action {
  switch (kind) {
    case 'reply':
    case 'note':
      return { kind, text: '' }
    case 'tag':
    case 'untag':
      return { kind, name: first.tag ?? '' }
    case 'assign':
      return { kind, agent_id: null, me: true }
    case 'queue':
      return { kind, queue_id: first.queue ?? '' }
    case 'priority':
      return { kind, priority: 'high' }
    case 'snooze':
      return { kind, minutes: 60 * 24 }
    default:
      return { kind }
  }
}

/** The list with the action at one place moved up or down. */
export function moved<T>(list: readonly T[], at: number, by: -1 | 1): T[] {
  const to = at + by
  if (to < 0 || to >= list.length) return [...list]
  const next = [...list]
  ;[next[at], next[to]] = [next[to]!, next[at]!]
  return next
}
