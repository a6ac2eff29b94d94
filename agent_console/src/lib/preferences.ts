import { reactive } from 'vue'

import { ApiError } from '../api/http'
import { hub } from '../api/hub'

export type Density = 'comfortable' | 'compact'

/** What can call for attention. */
export const ALERTS = ['message', 'offer', 'assigned', 'mention', 'overdue'] as const
export type AlertKind = (typeof ALERTS)[number]

/** What a user has chosen; kept by the hub and, for the first frame, by this browser. */
export interface Preferences {
  density: Density
  enter_sends: boolean
  single_keys: boolean
  /** Keys by action, where they differ from the standard; '' for none. */
  shortcuts: Record<string, string>
  notifications: Record<string, { desktop: boolean; sound: boolean }>
  quiet_hours: { from: string; to: string; timezone: string } | null
  undo_seconds: number
  /** Where alerts go by SMS (E.164). */
  alert_number: string | null
  columns: Record<string, string | number | boolean | string[] | null>
}

const KEPT = 'switchboard.preferences'
const STANDARD: Preferences = { density: 'comfortable', enter_sends: true, single_keys: true, shortcuts: {}, notifications: {}, quiet_hours: null, undo_seconds: 5, alert_number: null, columns: {} }

/** This user's preferences, always whole. */
export const preferences = reactive<Preferences>({ ...STANDARD, ...kept() })

function kept(): Partial<Preferences> {
  try {
    return JSON.parse(localStorage.getItem(KEPT) ?? '{}') as Partial<Preferences>
  } catch {
    return {}
  }
}

/** Taken over as they are: from the hub's answers and from its word that another page changed them. */
export function takePreferences(change: Partial<Preferences>): void {
  Object.assign(preferences, change)
  localStorage.setItem(KEPT, JSON.stringify(preferences))
}

/** What is asked for one kind of event: both ways, until somebody chose. */
export const alertChoice = (kind: AlertKind): { desktop: boolean; sound: boolean } => preferences.notifications[kind] ?? { desktop: true, sound: true }

/** The hub's word counts; a hub that does not answer leaves what this browser knows. */
export async function loadPreferences(): Promise<void> {
  try {
    takePreferences({ ...STANDARD, ...(await hub.preferences()) })
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
  }
}

/** Shows the change at once and takes it back where the hub refuses it; raises `ApiError`. */
export async function changePreferences(change: Partial<Preferences>): Promise<void> {
  const before = { ...preferences }
  takePreferences(change)
  try {
    takePreferences(await hub.changePreferences(change))
  } catch (error) {
    takePreferences(before)
    throw error
  }
}
