/** How well `text` answers to `words`: 0 not at all; more for the beginning of the text, of a word, somewhere, or its letters in this order. */
export function score(text: string, words: string): number {
  const all = text.toLowerCase()
  const wanted = words.trim().toLowerCase()
  if (!wanted || !all) return 0
  if (all === wanted) return 100
  if (all.startsWith(wanted)) return 80
  const parts = wanted.split(/\s+/)
  if (parts.every((part) => startsAWord(all, part))) return 60
  if (parts.every((part) => all.includes(part))) return 40
  return parts.length === 1 && wanted.length > 1 && inOrder(all, wanted) ? 10 : 0
}

const startsAWord = (text: string, part: string): boolean => text.startsWith(part) || new RegExp(`[\\s\\-_.@#(]${part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`).test(text)

function inOrder(text: string, letters: string): boolean {
  let at = -1
  return [...letters].every((letter) => (at = text.indexOf(letter, at + 1)) >= 0)
}

/** The best first; those of equal worth stay as they were. `name` counts more than the other words an item answers to. */
export function ranked<T extends { name: string; also: string }>(items: readonly T[], words: string, most = Infinity): T[] {
  if (!words.trim()) return items.slice(0, most)
  const worth = items.map((item) => ({ item, worth: Math.max(score(item.name, words), score(item.also, words) * 0.7) }))
  return worth.filter((one) => one.worth > 0).sort((a, b) => b.worth - a.worth).slice(0, most).map((one) => one.item)
}
