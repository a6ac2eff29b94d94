/** Numbers for the keys of what is shown: a key keeps the number it had, a new one takes the lowest that is free. */
export function numbered(before: ReadonlyMap<string, number>, keys: readonly string[]): Map<string, number> {
  const taken = new Set(keys.map((key) => before.get(key)))
  let next = 0
  const free = (): number => {
    while (taken.has(next)) next++
    return next++
  }
  return new Map(keys.map((key) => [key, before.get(key) ?? free()]))
}
