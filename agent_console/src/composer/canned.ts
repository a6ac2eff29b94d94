import type { CannedReply } from '../api/types'

/** The `/word` right before the caret, if there is one: at the beginning or after a blank. */
export function slashWord(text: string, caret: number): { from: number; word: string } | null {
  const found = /(?:^|\s)\/(\S{0,30})$/.exec(text.slice(0, caret))
  return found ? { from: caret - found[1]!.length - 1, word: found[1]! } : null
}

export function matching(replies: readonly CannedReply[], word: string): CannedReply[] {
  const wanted = word.toLowerCase()
  return replies.filter((reply) => reply.shortcut.toLowerCase().startsWith(wanted) || reply.title.toLowerCase().includes(wanted)).slice(0, 8)
}

/** Puts names in place of `{customer}` and `{agent}`. */
export function filled(text: string, names: { customer: string; agent: string }): string {
  return text.replace(/\{(customer|agent)\}/g, (_, name: 'customer' | 'agent') => names[name])
}
