import type { AddressRef, Id, MessageCreate, Recipient, ReplyOption } from '../api/types'
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
  /** Of the draft it was written in; 0 where the hub knows of none. */
  revision: number
  mentions: Id[]
  wish: Wish
}

/** What is sent to the hub. Without a way to answer, the hub takes the one it would suggest. */
export function bodyOf({ mode, draft, option, envelope, html, seen, revision, mentions, wish }: ToSend): MessageCreate {
  const files = draft.files.map((file) => file.id)
  const formatted = html && draft.html !== null
  const common = {
    client_key: crypto.randomUUID(),
    text: formatted ? '' : draft.text.trim(),
    ...(files.length && { attachment_ids: files }),
    ...(revision && { draft_revision: revision }),
  }
  if (mode === 'note') return { ...common, kind: 'note', ...(mentions.length && { mentions }) }
  const mail = envelope && { subject: envelope.subject.trim(), to: mailTo(envelope.to, option?.to), cc: mailTo(envelope.cc), bcc: mailTo(envelope.bcc) }
  const time = wish.at ? { send_at: wish.at.toISOString() } : (envelope || option?.channel === 'sms') && preferences.undo_seconds ? { undo_seconds: preferences.undo_seconds } : {}
  return {
    ...common,
    kind: 'reply',
    seen_n: seen,
    ...(formatted && { html: draft.html }),
    ...(option && { account_id: option.account_id }),
    ...(draft.forward_of && { forward_of: draft.forward_of }),
    ...mail,
    ...time,
    ...thenOf(wish),
  }
}

function thenOf({ then, until }: Wish): object {
  if (!then) return {}
  return { then: then === 'close' ? { state: 'closed' } : { state: 'snoozed', snoozed_until: until?.toISOString() } }
}

function mailTo(addresses: readonly string[], known: readonly Recipient[] = []): AddressRef[] {
  return addresses.map((address) => ({ kind: 'email', address, name: known.find((party) => party.address === address)?.name ?? '' }))
}
