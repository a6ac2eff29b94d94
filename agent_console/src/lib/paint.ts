const PATIENCE = 250 // milliseconds; a page that nobody looks at is not painted

/** Calls back once what is shown by now has been painted; the returned function calls it off. */
export function afterPaint(then: () => void): () => void {
  const end = (): void => (cancelAnimationFrame(frame), clearTimeout(soon), clearTimeout(late))
  const call = (): void => (end(), then())
  let soon: ReturnType<typeof setTimeout> | undefined
  const frame = requestAnimationFrame(() => (soon = setTimeout(call)))
  const late = setTimeout(call, PATIENCE)
  return end
}
