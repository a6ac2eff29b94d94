import type { Contact, Message, Site, Standing, Talk, Wish } from './model'

/** `refused`: the server will not have us, and trying again would not help. */
export type Phase = 'connecting' | 'online' | 'offline' | 'refused'

/** Everything the panel shows, beside the outbox and the uploads. Replaced, never changed. */
export interface State {
  phase: Phase
  refusal: string | null
  site: Site
  standing: Standing | null
  /** What the server knows of the visitor. */
  contact: Partial<Contact>
  talk: Talk | null
  messages: Message[]
  hasMore: boolean
  loading: boolean
  /** Who types; the empty string for somebody without a name. */
  typing: string | null
  wish: Wish | null
  open: boolean
  /** Whether the site's text was agreed to, where it has one. Nothing is said to the server before. */
  agreed: boolean
  sound: boolean
  menu: boolean
  /** Counts `reset`s: what was being written is forgotten with them. */
  epoch: number
}

/** As nobody in particular. */
export const nobody = (site: Site): Pick<State, 'contact' | 'talk' | 'messages' | 'hasMore' | 'standing' | 'wish' | 'menu'> & { site: Site } => ({
  site,
  standing: null,
  contact: {},
  talk: null,
  messages: [],
  hasMore: false,
  wish: null,
  menu: false,
})

export const begun = (site: Site, open: boolean, saved: Record<string, string>): State => ({
  ...nobody(site),
  phase: 'connecting',
  refusal: null,
  loading: false,
  typing: null,
  open,
  agreed: !hasConsent(site) || !!saved.consent,
  sound: !saved.silent,
  epoch: 0,
})

export const hasConsent = ({ consent_en, consent_zh }: Site): boolean => !!(consent_en || consent_zh)
