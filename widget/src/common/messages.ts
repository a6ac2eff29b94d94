/**
 * What the loader (in the host's page) and the panel (in the frame) say to each other.
 *
 * The frame begins with `KNOCK` by window.postMessage; the loader answers with `Start` and a MessagePort, to the frame's exact
 * origin. Everything else goes over the port, which nobody else holds.
 */

/** How the launcher looks: from the site's settings. `text` is what reads well on `color`. */
export interface Look {
  color: string
  text: string
  position: 'left' | 'right'
}

/** The page of the host that the visitor looks at. */
export interface HostPage {
  url: string
  title: string
}

/** Frame → host window. */
export const KNOCK = 'hub:knock'

/** Host window → frame, with the port. `saved`: what the panel put into the host's storage before. */
export interface Start {
  hub: 'start'
  site: string
  /** `dark`, `light`, or anything else for what the visitor's system says. */
  theme: string
  saved: Record<string, string>
  page: HostPage
  identity: string | null
  open: boolean
}

/** Over the port, from the loader. */
export type ToPanel =
  | { type: 'shown'; open: boolean }
  | { type: 'identify'; identity: string | null }
  | { type: 'reset' }
  | { type: 'page'; page: HostPage }

/** Over the port, from the panel. `save` with null forgets; `identity` asks the host for a fresh token. */
export type ToHost =
  | { type: 'ready' }
  | { type: 'look'; look: Look }
  | { type: 'unread'; count: number }
  | { type: 'save'; name: string; value: string | null }
  | { type: 'identity' }
  | { type: 'close' }

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

export const isStart = (value: unknown): value is Start =>
  isRecord(value) && value.hub === 'start' && typeof value.site === 'string' && isRecord(value.saved) && isRecord(value.page)
