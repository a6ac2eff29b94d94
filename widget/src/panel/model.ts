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

export interface Site {
  name: string
  color: string
  position: 'left' | 'right'
  greeting_en: string
  greeting_zh: string
  offline_text: string
  choice: Choice[]
  online: boolean
  max_file_bytes: number
}

export interface Talk {
  id: string
  state: string
}

export interface Hello {
  visitor_id: string
  token?: string
  cursor: string
  resync: boolean
  site: Site
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
