/** One Chinese character, or up to two Latin initials. */
export function initialsOf(name: string): string {
  const text = name.trim()
  const first = [...text][0] ?? '?'
  if (!/^[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}]/u.test(text)) return first
  const words = text.split(/[\s._@-]+/).filter(Boolean)
  return ((words[0]?.[0] ?? '') + (words.length > 1 ? (words[1]?.[0] ?? '') : '')).toUpperCase()
}

/** A hue (0 to 359) that stays the same for a name. */
export function hueOf(name: string): number {
  let sum = 7
  for (const letter of name) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 3600
  return (sum * 137) % 360
}
