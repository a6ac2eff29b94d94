import { ACTION_IDS, ACTIONS, keysFor, ownActions, type ActionId } from '../lib/actions'
import { clash } from '../lib/strokes'

/** Keys the browser or the page needs itself. */
const TAKEN = /^(Tab|shift\+Tab|Escape|mod\+[rtwnl]|mod\+shift\+[tnwr]|F\d+)$/

/** Who would get in the way of these keys: an action's id, an own action's title, 'browser', or nobody. */
export function inTheWay(id: string, keys: string): { action: ActionId } | { title: string } | 'browser' | null {
  if (TAKEN.test(keys.split(' ')[0]!) && id !== 'back') return 'browser'
  const action = ACTION_IDS.find((one) => one !== id && clash(keys, keysFor(one)))
  if (action) return { action }
  const own = ownActions().find((one) => one.id !== id && clash(keys, one.keys))
  return own ? { title: own.title } : null
}

/** What is kept when this action gets these keys: only what differs from the standard. */
export function rebound(shortcuts: Readonly<Record<string, string>>, id: ActionId, keys: string): Record<string, string> {
  const { [id]: _, ...others } = shortcuts
  return keys === ACTIONS[id][0] ? others : { ...others, [id]: keys }
}
