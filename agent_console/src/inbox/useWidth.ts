import { ref, watch } from 'vue'

import { changePreferences, preferences } from '../lib/preferences'

const STANDARD = 344
export const NARROWEST = 280
export const WIDEST = 560
const STEP = 16
const REST = 300 // milliseconds

const within = (width: number): number => Math.round(Math.max(NARROWEST, Math.min(WIDEST, width)))

/** The list's width in CSS pixels, dragged or moved by keys, kept with the user. */
export function useWidth() {
  const width = ref(within(Number(preferences.columns.list) || STANDARD))
  let timer: ReturnType<typeof setTimeout> | undefined
  watch(() => preferences.columns.list, (kept) => timer === undefined && (width.value = within(Number(kept) || STANDARD)))

  /** Once the hand rests; a hub that does not take it changes nothing here. */
  function keep(): void {
    clearTimeout(timer)
    timer = setTimeout(() => {
      timer = undefined
      void changePreferences({ columns: { ...preferences.columns, list: width.value } }).catch(() => {})
    }, REST)
  }

  function drag(event: PointerEvent): void {
    const handle = event.currentTarget as HTMLElement
    const start = width.value - event.clientX
    handle.setPointerCapture(event.pointerId)
    const move = (to: PointerEvent): void => void (width.value = within(start + to.clientX))
    const end = (): void => (handle.removeEventListener('pointermove', move), keep())
    handle.addEventListener('pointermove', move)
    handle.addEventListener('lostpointercapture', end, { once: true })
  }

  function press(event: KeyboardEvent): void {
    const to = { ArrowLeft: width.value - STEP, ArrowRight: width.value + STEP, Home: NARROWEST, End: WIDEST }[event.key]
    if (to === undefined) return
    event.preventDefault()
    width.value = within(to)
    keep()
  }

  const reset = (): void => ((width.value = STANDARD), keep())
  return { width, drag, press, reset }
}
