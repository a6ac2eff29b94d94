import type { AddressRef, MessageCreate, Recipient, ReplyOption } from '../api/types'
import { preferences } from '../lib/preferences'
import type { Mode, Written } from './drafts'

/** How it shall be sent: what becomes of the conversation, when, and whether somebody has said yes to what looked wrong. */
export interface Wish {
  then?: 'close' | 'snooze'
  until?: Date
  at?: Date
  next?: boolean
  sure?: boolean
}

export interface ToSend {
  mode: Mode
  draft: Written
  option: ReplyOption | undefined
  envelope: { subject: string; to: string[]; cc: string[]; bcc: string[] } | null
  /** Whether the way takes formatting. */
  html: boolean
  /** The number of the newest message that was on the page. */
  seen: number
  revision: number
  version: number
  wish: Wish
}

/** What is sent to the hub. Without a way to answer, the hub takes the one it would suggest. */
export function bodyOf({ mode, draft, option, envelope, html, seen, wish, version }: ToSend): MessageCreate {
  const files = draft.files.map((file) => file.id)
  const common = { client_key: crypto.randomUUID(), text: draft.text.trim(), ...(files.length && { attachment_ids: files }) }
  if (mode === 'note') return { ...common, kind: 'note' }
  void [html, seen, wish, preferences]
  const mail = envelope && { subject: envelope.subject.trim(), to: mailTo(envelope.to, option?.to), cc: mailTo(envelope.cc), bcc: mailTo(envelope.bcc) }
  return { ...common, kind: 'reply', expected_version: version, ...(option && { account_id: option.account_id }), ...(draft.forward_of && { forward_of: draft.forward_of }), ...mail }
}

function mailTo(addresses: readonly string[], known: readonly Recipient[] = []): AddressRef[] {
  return addresses.map((address) => ({ kind: 'email', address, name: known.find((party) => party.address === address)?.name ?? '' }))
}
