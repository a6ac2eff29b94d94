import { reactive } from 'vue'

export interface Toast {
  id: number
  tone: 'plain' | 'bad' | 'ok'
  text: string
  action?: { label: string; run: () => void }
  /** It ends at its own time, whoever looks. */
  timed: boolean
}

const SHOWN_FOR = 6000
export const toasts = reactive<Toast[]>([])
const timers = new Map<number, ReturnType<typeof setTimeout>>()
let last = 0

/** Shows it for `lasts` milliseconds; the entry returned may be changed while it stands. */
export function toast(text: string, options: Partial<Pick<Toast, 'tone' | 'action'>> & { lasts?: number } = {}): Toast {
  const id = ++last
  toasts.push({ id, text, tone: options.tone ?? 'plain', action: options.action, timed: !!options.lasts })
  end(id, options.lasts ?? SHOWN_FOR)
  return toasts.at(-1)!
}

function end(id: number, after: number): void {
  timers.set(id, setTimeout(() => dismiss(id), after))
}

/** While the pointer or the focus is there it stays (WCAG 2.2.1). */
export function hold({ id, timed }: Toast): void {
  if (!timed) clearTimeout(timers.get(id))
}

export function release({ id, timed }: Toast): void {
  if (timed) return
  clearTimeout(timers.get(id))
  end(id, SHOWN_FOR)
}

export function dismiss(id: number): void {
  clearTimeout(timers.get(id))
  timers.delete(id)
  const at = toasts.findIndex((entry) => entry.id === id)
  if (at >= 0) toasts.splice(at, 1)
}

/** What the newest of them offers, if any does. */
export const lastAction = (): Toast | undefined => toasts.findLast((entry) => entry.action)

/** Does what it offers, once. */
export function take(entry: Toast): void {
  entry.action?.run()
  dismiss(entry.id)
}
