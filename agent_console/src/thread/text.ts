export type Segment = { text: string; href?: string }

const LINK = /\b(?:https?:\/\/[^\s<>"'，。；！？、（）【】《》]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+)/gi
const TAIL = /[.,;:!?)\]}]+$/

/** Cuts text into plain parts and links. Only web and mail addresses become links, whatever the text says. */
export function linked(text: string): Segment[] {
  const segments: Segment[] = []
  let from = 0
  for (const match of text.matchAll(LINK)) {
    const word = match[0].replace(TAIL, '')
    if (match.index > from) segments.push({ text: text.slice(from, match.index) })
    segments.push({ text: word, href: word.includes('://') ? word : 'mailto:' + word })
    from = match.index + word.length
  }
  if (from < text.length) segments.push({ text: text.slice(from) })
  return segments
}

/** What to show and what to fold: a mail's own words, and what it quoted. */
export function folded(text: string, replyText: string): { shown: string; quoted: string } {
  const reply = replyText.trim()
  const whole = text.trim()
  if (!reply || reply === whole) return { shown: whole, quoted: '' }
  const at = whole.indexOf(reply)
  if (at < 0) return { shown: reply, quoted: whole }
  const before = whole.slice(0, at).trim()
  const after = whole.slice(at + reply.length).trim()
  return { shown: reply, quoted: [before, after].filter(Boolean).join('\n\n') }
}

/** Parts of a text that match any of the searched words, for marking. */
export function marked(text: string, query: string): { text: string; hit: boolean }[] {
  const words = query.trim().split(/\s+/).filter(Boolean)
  if (!words.length) return [{ text, hit: false }]
  const pattern = new RegExp(`(${words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')})`, 'gi')
  return text.split(pattern).flatMap((part, at) => (part ? [{ text: part, hit: at % 2 === 1 }] : []))
}
