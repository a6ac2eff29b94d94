/** What the server says of a visitor's chat, as it comes over the socket. */

export interface FileRef {
  id: string
  filename: string
  content_type: string
  size: number
}

/** `url` is good for a few minutes. */
export interface Attachment extends FileRef {
  url: string
}

/** `direction`: `in` is the visitor's own. */
export interface Message {
  id: string
  n: number
  client_key: string | null
  direction: 'in' | 'out'
  text: string
  author: string | null
  attachments: Attachment[]
  created_at: string
  status: string | null
}

export interface Wish {
  kind: 'agent' | 'queue'
  id: string
}

export interface Choice extends Wish {
  name: string
  online: boolean
}

export type Ask = 'off' | 'optional' | 'required'

/** A rule: who looks for so long at a page with this in its address is invited. */
export interface Rule {
  after_seconds: number
  url_contains: string
  text_en: string
  text_zh: string
}

/** What is set for the site: known before the panel is drawn. */
export interface Appearance {
  name: string
  color: string
  /** What reads well on `color`. */
  on_color: string
  /** The launcher's style, for the loader. */
  launcher: string
  theme: string
  greeting_en: string
  greeting_zh: string
  offline_en: string
  offline_zh: string
  consent_en: string
  consent_zh: string
  asks: boolean
  ask: Record<'name' | 'email' | 'phone', Ask>
  offline_contact: Ask
  invitations: Rule[]
  sound: boolean
  rating: boolean
  transcript: boolean
  forgetting: boolean
  max_file_bytes: number
  texts_en: Record<string, string>
  texts_zh: Record<string, string>
}

export interface Site extends Appearance {
  choice: Choice[]
  online: boolean
}

/** Who answers, or when somebody will. `place`: in the line, from 1. `read_n`: up to where one of them has read. */
export interface Standing {
  online: boolean
  open: boolean
  opens_at: string | null
  place: number | null
  agent: string | null
  read_n: number
}

export interface Talk {
  id: string
  state: string
  assigned: boolean
  /** As the visitor rated it. */
  stars: number | null
}

/** What the visitor has said of himself; the empty string for what he has not. */
export type Contact = Record<'name' | 'email' | 'phone', string>

export interface Hello {
  visitor_id: string
  token?: string
  cursor: string
  resync: boolean
  site: Site
  standing: Standing
  contact: Contact
  conversation: Talk | null
  messages: Message[]
  unread: number
}

export type LogEvent = { cursor: string; prev: string } & (
  | { type: 'message.added'; data: Message }
  | { type: 'message.changed'; data: { id: string; n: number; status: string | null } }
  | { type: 'conversation.changed'; data: Talk }
)

export type Answer<T> = ({ ok: true } & T) | { ok: false; code: string; detail: string; retry: boolean }

export interface Bye {
  code: string
  retry: boolean
}
