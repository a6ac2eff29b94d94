import { shallowRef } from 'vue'

import type { Side } from './menu'

export interface Tip {
  anchor: Element
  text: string
  keys: string
  side: Side
}

export const TIP_ID = 'tip'
const REST = 350 // milliseconds a pointer has to rest
const GRACE = 120 // to get from the button to the tip

/** The one tooltip shown now. */
export const tip = shallowRef<Tip | null>(null)
let timer: ReturnType<typeof setTimeout>

export function showTip(next: Tip, at: 'once' | 'resting'): void {
  clearTimeout(timer)
  timer = setTimeout(() => (tip.value = next), at === 'once' ? 0 : REST)
}

export function hideTip(at: 'once' | 'leaving' = 'once'): void {
  clearTimeout(timer)
  if (at === 'once') tip.value = null
  else timer = setTimeout(() => (tip.value = null), GRACE)
}

export const keepTip = (): void => clearTimeout(timer)

const GAP = 6
const EDGE = 4

/** Where a box of this size goes beside its anchor: on the side asked for if there is room, else opposite; never over the window's edge. */
export function place(anchor: DOMRectReadOnly, box: { width: number; height: number }, side: Side, room: { width: number; height: number }): { left: number; top: number } {
  const fits = { top: anchor.top - GAP - box.height >= EDGE, bottom: anchor.bottom + GAP + box.height <= room.height - EDGE, left: anchor.left - GAP - box.width >= EDGE, right: anchor.right + GAP + box.width <= room.width - EDGE }
  const opposite = { top: 'bottom', bottom: 'top', left: 'right', right: 'left' } as const
  const on = fits[side] ? side : opposite[side]
  const middle = { left: (anchor.left + anchor.right - box.width) / 2, top: (anchor.top + anchor.bottom - box.height) / 2 }
  const wanted = { top: { ...middle, top: anchor.top - GAP - box.height }, bottom: { ...middle, top: anchor.bottom + GAP }, left: { ...middle, left: anchor.left - GAP - box.width }, right: { ...middle, left: anchor.right + GAP } }[on]
  const within = (value: number, size: number, all: number): number => Math.max(EDGE, Math.min(value, all - size - EDGE))
  return { left: within(wanted.left, box.width, room.width), top: within(wanted.top, box.height, room.height) }
}
