import { linked, type Segment } from './text'

export type Part = Segment & { mention?: 'me' | 'colleague' }

/** Cuts a note into plain parts, links and `@names` of colleagues; the longest name that fits counts. */
export function mentioned(text: string, names: readonly string[], me: string): Part[] {
  const known = names.filter(Boolean).sort((a, b) => b.length - a.length)
  if (!known.length) return linked(text)
  const pattern = new RegExp(`@(${known.map(escaped).join('|')})(?![\\p{L}\\p{N}_])`, 'gu')
  return linked(text).flatMap((part) => (part.href ? [part] : cut(part.text, pattern, me)))
}

function cut(text: string, pattern: RegExp, me: string): Part[] {
  const parts: Part[] = []
  let from = 0
  for (const match of text.matchAll(pattern)) {
    if (match.index > from) parts.push({ text: text.slice(from, match.index) })
    parts.push({ text: match[0], mention: match[1] === me ? 'me' : 'colleague' })
    from = match.index + match[0].length
  }
  if (from < text.length) parts.push({ text: text.slice(from) })
  return parts
}

/** The ids of the colleagues a note names. */
export function idsOf(text: string, agents: readonly { id: string; display_name: string }[]): string[] {
  const found = new Set(mentioned(text, agents.map((agent) => agent.display_name), '').flatMap((part) => (part.mention ? [part.text.slice(1)] : [])))
  return agents.filter((agent) => found.has(agent.display_name)).map((agent) => agent.id)
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
