import { computed, onScopeDispose, shallowReactive, type ComputedRef } from 'vue'

import { isTyping } from './keyboard'
import { preferences } from './preferences'
import { isCharacter, shownKeys, strokeOf } from './strokes'

export type Scope = 'general' | 'go' | 'list' | 'conversation' | 'availability' | 'macros'

/**
 * Everything that can be done by name: its standard keys ('' for none) and where it belongs. Titles are the `shell` texts `action.<id>`.
 * Keys are strokes as `strokeOf` writes them; two in a row are pressed one after the other.
 */
export const ACTIONS = {
  command: ['mod+k', 'general'],
  search: ['/', 'general'],
  help: ['?', 'general'],
  back: ['Escape', 'general'],
  compose: ['c', 'general'],
  compose_sms: ['', 'general'],
  undo: ['z', 'general'],
  notifications: ['g n', 'general'],
  accept_offer: ['y', 'general'],
  refuse_offer: ['', 'general'],
  go_inbox: ['g i', 'go'],
  go_unassigned: ['g u', 'go'],
  go_all: ['g a', 'go'],
  go_snoozed: ['g z', 'go'],
  go_customers: ['g c', 'go'],
  go_tickets: ['g t', 'go'],
  go_wallboard: ['g w', 'go'],
  go_settings: ['g s', 'go'],
  next: ['j', 'list'],
  previous: ['k', 'list'],
  open: ['Enter', 'list'],
  select: ['x', 'list'],
  select_all: ['mod+shift+a', 'list'],
  refresh: ['.', 'list'],
  reply: ['r', 'conversation'],
  note: ['n', 'conversation'],
  forward: ['f', 'conversation'],
  assign: ['a', 'conversation'],
  take: ['i', 'conversation'],
  close: ['e', 'conversation'],
  snooze: ['h', 'conversation'],
  unread: ['u', 'conversation'],
  tag: ['t', 'conversation'],
  priority: ['p', 'conversation'],
  macro: ['m', 'conversation'],
  move: ['v', 'conversation'],
  merge: ['', 'conversation'],
  print: ['', 'conversation'],
  details: ['d', 'conversation'],
  online: ['', 'availability'],
  busy: ['', 'availability'],
  wrap_up: ['', 'availability'],
  away: ['', 'availability'],
  toggle_theme: ['', 'availability'],
  toggle_language: ['', 'availability'],
  sign_out: ['', 'availability'],
} as const satisfies Record<string, readonly [keys: string, scope: Scope]>

export type ActionId = keyof typeof ACTIONS
export const ACTION_IDS = Object.keys(ACTIONS) as ActionId[]

interface Handler {
  run: () => unknown
  enabled: () => boolean
  above: boolean
}

/** A macro or whatever else has a name and keys of its own. */
export interface OwnAction {
  id: string
  title: string
  keys: string
  run: () => unknown
}

const handlers = shallowReactive(new Map<string, readonly Handler[]>())
const own = shallowReactive(new Map<string, OwnAction>())

/** While this scope lives, the action does this; whoever came last and is enabled acts. `above`: before all that are not so. */
export function useAction(id: ActionId, run: () => unknown, enabled: () => boolean = () => true, above = false): void {
  const handler = { run, enabled, above }
  const others = handlers.get(id) ?? []
  handlers.set(id, [...(above ? [] : others.filter((one) => one.above)), handler, ...others.filter((one) => above || !one.above)])
  onScopeDispose(() => handlers.set(id, (handlers.get(id) ?? []).filter((one) => one !== handler)))
}

/** Adds actions that only this scope knows, macros for instance; the returned function replaces them. */
export function useOwnActions(): (actions: readonly OwnAction[]) => void {
  let mine: readonly OwnAction[] = []
  const replace = (actions: readonly OwnAction[]): void => {
    for (const { id } of mine) own.delete(id)
    for (const action of actions) own.set(action.id, action)
    mine = actions
  }
  onScopeDispose(() => replace([]))
  return replace
}

const handlerOf = (id: ActionId): Handler | undefined => handlers.get(id)?.find((one) => one.enabled())

/** Whether something would happen now. */
export const can = (id: ActionId): boolean => handlerOf(id) !== undefined

/** Does it; false where nobody would. */
export function act(id: ActionId): boolean {
  const handler = handlerOf(id)
  handler?.run()
  return handler !== undefined
}

/** The own actions that can be done now. */
export const ownActions = (): OwnAction[] => [...own.values()]

/** The keys that do this now: the user's, else the standard ones; '' for none. */
export const keysFor = (id: ActionId): string => preferences.shortcuts[id] ?? ACTIONS[id][0]

/** The same as it is shown in a tooltip, and only while it works. */
export function shownKeysFor(id: ActionId): string {
  const keys = keysFor(id)
  return keys && (preferences.single_keys || !isCharacter(keys)) ? shownKeys(keys).join(' ') : ''
}

const bindings: ComputedRef<Map<string, () => boolean>> = computed(() => {
  const all = new Map<string, () => boolean>()
  for (const { keys, run } of own.values()) if (keys) all.set(keys, () => (run(), true))
  for (const id of ACTION_IDS) if (keysFor(id)) all.set(keysFor(id), () => act(id))
  return all
})

const PAUSE = 1200
const PATIENCE = 4000
let ahead: string | null = null

/** What was asked for is being fetched: from now on bare characters are no keys but text for it, until `typedAhead` takes them. */
export function keepTyping(): void {
  ahead = ''
  setTimeout(() => (ahead = null), PATIENCE)
}

export function typedAhead(): string {
  const text = ahead ?? ''
  ahead = null
  return text
}
const ACTIVATES = 'a[href],button,summary,[role=button],[role=menuitem],[role=tab]'

/** Listens for the whole page, once. */
export function listenForKeys(): () => void {
  let pressed = ''
  let timer: ReturnType<typeof setTimeout>

  function take(event: KeyboardEvent): void {
    const stroke = event.isComposing || event.defaultPrevented ? '' : strokeOf(event)
    if (!stroke) return
    if (ahead !== null && (isCharacter(stroke) || stroke === 'Space' || stroke === 'Enter')) {
      ahead += stroke === 'Enter' ? '' : stroke === 'Space' ? ' ' : stroke // nor do they press the button that has the focus
      return event.preventDefault()
    }
    if (isHeldBack(stroke, event.target)) return
    clearTimeout(timer)
    const keys = pressed ? `${pressed} ${stroke}` : stroke
    const begun = [...bindings.value.keys()].some((one) => one.startsWith(keys + ' '))
    pressed = begun ? keys : ''
    if (begun) timer = setTimeout(() => (pressed = ''), PAUSE)
    if (begun || bindings.value.get(keys)?.()) event.preventDefault()
  }

  window.addEventListener('keydown', take)
  return () => window.removeEventListener('keydown', take)
}

/** Fields, menus and dialogs keep their keys; so does a focused button its Enter. What is held with Ctrl or Alt is nobody's text. */
function isHeldBack(stroke: string, target: EventTarget | null): boolean {
  if (/^(mod|alt)\+/.test(stroke)) return false
  if (isCharacter(stroke) && !preferences.single_keys) return true
  if (stroke === 'Enter' && target instanceof Element && target.closest(ACTIVATES)) return true
  return isTyping(target)
}
