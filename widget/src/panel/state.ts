import type { Message, Site, Talk, Wish } from './model'

/** `refused`: the server will not have us, and trying again would not help. */
export type Phase = 'connecting' | 'online' | 'offline' | 'refused'

/** Everything the panel shows, beside the outbox and the uploads. Replaced, never changed. */
export interface State {
  phase: Phase
  refusal: string | null
  site: Site | null
  talk: Talk | null
  messages: Message[]
  hasMore: boolean
  loading: boolean
  /** Who types; the empty string for somebody without a name. */
  typing: string | null
  wish: Wish | null
  open: boolean
  /** Counts `reset`s: what was being written is forgotten with them. */
  epoch: number
}

export const begun = (open: boolean): State => ({
  phase: 'connecting',
  refusal: null,
  site: null,
  talk: null,
  messages: [],
  hasMore: false,
  loading: false,
  typing: null,
  wish: null,
  open,
  epoch: 0,
})
