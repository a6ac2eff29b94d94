/**
 * What the loader (in the host's page) and the panel (in the frame) say to each other.
 *
 * The frame begins with `KNOCK` by window.postMessage; the loader answers with `Start` and a MessagePort, to the frame's exact
 * origin. Everything else goes over the port, which nobody else holds.
 */

/** How the launcher looks and what it is called: from the site's settings. `css` is added to the loader's own style. */
export interface Look {
  css: string
  open: string
  close: string
  panel: string
  /** With `{n}` for the number. */
  unread: string
}

/** The page of the host that the visitor looks at. */
export interface HostPage {
  url: string
  title: string
}

/** Words of an invitation, beside the launcher. */
export interface Invitation {
  text: string
  /** The names of its two buttons; the text itself opens the chat, too. */
  later: string
  never: string
  dark: boolean
}

/** Frame → host window. */
export const KNOCK = 'hub:knock'

/** Host window → frame, with the port. `saved`: what the panel put into the host's storage before. */
export interface Start {
  hub: 'start'
  site: string
  /** `dark`, `light`, or anything else for what the site says, or the visitor's system. */
  theme: string
  /** Which way the host's page is written. */
  dir: string
  saved: Record<string, string>
  page: HostPage
  identity: string | null
  open: boolean
}

/** Over the port, from the loader. `invited`: what the visitor did with an invitation. */
export type ToPanel =
  | { type: 'shown'; open: boolean }
  | { type: 'identify'; identity: string | null }
  | { type: 'reset' }
  | { type: 'page'; page: HostPage }
  | { type: 'locale'; locale: string }
  | { type: 'invited'; never: boolean }

/** Over the port, from the panel. `save` with null forgets; `identity` asks the host for a fresh token. */
export type ToHost =
  | { type: 'ready' }
  | { type: 'look'; look: Look }
  | { type: 'unread'; count: number }
  | { type: 'save'; name: string; value: string | null }
  | { type: 'identity' }
  | { type: 'close' }
  | { type: 'invite'; invitation: Invitation | null }
  | { type: 'forget' }

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

export const isStart = (value: unknown): value is Start =>
  isRecord(value) && value.hub === 'start' && typeof value.site === 'string' && isRecord(value.saved) && isRecord(value.page)
