import { reactive } from 'vue'

export interface Toast {
  id: number
  tone: 'plain' | 'bad' | 'ok'
  text: string
  action?: { label: string; run: () => void }
}

const SHOWN_FOR = 6000
export const toasts = reactive<Toast[]>([])
let last = 0

/** Shows it for `lasts` milliseconds; the entry returned may be changed while it stands. */
export function toast(text: string, options: Partial<Pick<Toast, 'tone' | 'action'>> & { lasts?: number } = {}): Toast {
  const id = ++last
  toasts.push({ id, text, tone: options.tone ?? 'plain', action: options.action })
  setTimeout(() => dismiss(id), options.lasts ?? SHOWN_FOR)
  return toasts.at(-1)!
}

export function dismiss(id: number): void {
  const at = toasts.findIndex((entry) => entry.id === id)
  if (at >= 0) toasts.splice(at, 1)
}
