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

const SOON = 200 // milliseconds

/** Calls back when nothing else is to be done, after `latest` milliseconds in any case. Safari does not tell when that is. */
export function whenIdle(then: () => void, latest: number): void {
  const idle = window.requestIdleCallback as typeof requestIdleCallback | undefined
  if (idle) idle(then, { timeout: latest })
  else setTimeout(then, SOON)
}
