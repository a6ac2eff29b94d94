import type { CannedReply } from '../api/types'

export type Canned = CannedReply & { html?: string | null; scope?: 'mine' | 'team' | 'everybody' }

export const MOST_SHOWN = 8

/** Those called by this word: by shortcut first, then by title; the user's language first. */
export function matching(replies: readonly Canned[], word: string, locale: string): Canned[] {
  const wanted = word.toLowerCase()
  const rank = (reply: Canned): number => {
    if (reply.shortcut.toLowerCase().startsWith(wanted)) return 0
    return reply.title.toLowerCase().includes(wanted) ? 1 : 2
  }
  const foreign = (reply: Canned): number => Number(!!reply.locale && reply.locale !== locale)
  return replies
    .filter((reply) => rank(reply) < 2)
    .sort((a, b) => rank(a) - rank(b) || foreign(a) - foreign(b))
    .slice(0, MOST_SHOWN)
}

export type Variables = Record<string, string>

/** Puts values in place of `{{name}}`; a variable that is not known, or has no value here, stays, so that nobody sends a gap unseen. */
export function filled(text: string, values: Variables): string {
  return text.replace(/\{\{\s*([\w.]+)\s*\}\}/g, (whole, name: string) => values[name] || whole)
}

/** The variables of a text that have no value here. */
export const unfilled = (text: string, values: Variables): string[] => [...filled(text, values).matchAll(/\{\{\s*([\w.]+)\s*\}\}/g)].map((match) => match[1]!)
