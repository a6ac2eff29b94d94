import type { DraftView } from '../api/thread'
import type { Id, Upload } from '../api/types'
import { ownKey } from '../lib/owner'

export type Mode = 'reply' | 'note'

/** What is written so far. `null` in an envelope's field: as the way to answer suggests. */
export interface Written {
  text: string
  html: string | null
  subject: string | null
  account_id: Id | null
  to: string[] | null
  cc: string[] | null
  bcc: string[] | null
  files: Upload[]
  forward_of: Id | null
}

export const NOTHING: Readonly<Written> = { text: '', html: null, subject: null, account_id: null, to: null, cc: null, bcc: null, files: [], forward_of: null }
export const nothing = (): Written => ({ ...NOTHING, files: [] })

/** Nothing anybody would miss. */
export const isEmpty = (written: Written): boolean => !written.text.trim() && !written.files.length && !written.forward_of

export function isSame(a: Written, b: Written): boolean {
  return comparable(a) === comparable(b)
}
const comparable = (written: Written): string => JSON.stringify([written.text, written.html, written.subject, written.account_id, written.to, written.cc, written.bcc, written.files.map((file) => file.id), written.forward_of])

/**
 * One draft out of two that began alike: whichever was changed; where both were, ours with the other's words below it. No word is lost, and
 * what one device wrote is not asked for twice.
 */
export function merged(base: Written, mine: Written, theirs: Written): Written {
  if (isSame(base, mine) || isEmpty(mine)) return theirs
  if (isSame(base, theirs) || isSame(mine, theirs) || isEmpty(theirs)) return mine
  const known = new Set(mine.files.map((file) => file.id))
  return { ...mine, ...words(base, mine, theirs), files: [...mine.files, ...theirs.files.filter((file) => !known.has(file.id))] }
}

function words(base: Written, mine: Written, theirs: Written): Pick<Written, 'text' | 'html'> {
  if (base.text === mine.text && base.html === mine.html) return { text: theirs.text, html: theirs.html }
  if (base.text === theirs.text && base.html === theirs.html) return { text: mine.text, html: mine.html }
  if (mine.text.includes(theirs.text.trim())) return { text: mine.text, html: mine.html }
  if (theirs.text.includes(mine.text.trim())) return { text: theirs.text, html: theirs.html }
  const html = mine.html === null && theirs.html === null ? null : asHtml(mine) + asHtml(theirs)
  return { text: `${mine.text}\n\n${theirs.text}`, html }
}

const asHtml = (written: Written): string => written.html ?? htmlOf(written.text)

/** Paragraphs where a line is empty, line breaks where one ends. */
export function htmlOf(text: string): string {
  return text.split(/\n{2,}/).map((paragraph) => `<p>${escaped(paragraph).replaceAll('\n', '<br>')}</p>`).join('')
}
/** What a person reads in formatted writing: the way back from `htmlOf`. */
export function plainOf(html: string): string {
  const holder = new DOMParser().parseFromString(html.replace(/<br\s*\/?>/gi, '\n').replace(/<\/(?:p|li|blockquote)>/gi, '$&\n\n'), 'text/html')
  return (holder.body.textContent ?? '').replace(/\n{3,}/g, '\n\n').trim()
}

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const escaped = (text: string): string => text.replace(/[&<>"]/g, (letter) => ENTITIES[letter]!)

/** The same from what the hub keeps; no recipients are those that the way to answer suggests. */
export function writtenIn(view: DraftView): Written {
  const addresses = (parties: readonly { address: string }[]): string[] | null => (parties.length ? parties.map((party) => party.address) : null)
  const { html, subject, account_id, forward_of } = view
  return { text: view.text || plainOf(html ?? ''), html, subject, account_id, forward_of, to: addresses(view.to), cc: addresses(view.cc), bcc: addresses(view.bcc), files: view.attachments }
}

/** What this browser knows and the hub does not yet. */
export interface Kept {
  written: Written
  base: Written
  revision: number
}
const at = (id: Id, mode: Mode): string => ownKey(`draft.${mode}.${id}`)

export function readKept(id: Id, mode: Mode): Kept | null {
  try {
    const kept = JSON.parse(localStorage.getItem(at(id, mode)) ?? 'null') as Kept | null
    return kept?.written ? kept : null
  } catch {
    return null
  }
}

export function keep(id: Id, mode: Mode, kept: Kept | null): void {
  if (kept) localStorage.setItem(at(id, mode), JSON.stringify(kept))
  else localStorage.removeItem(at(id, mode))
}
