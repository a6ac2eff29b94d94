import { reactive } from 'vue'

/** What screen readers say next: `polite` when they are done, `assertive` at once. The shell holds the two live regions. */
export const spoken = reactive({ polite: '', assertive: '' })

const LASTS = 5000 // then it is gone, so that nobody comes upon old news while reading the page
const timers = { polite: 0, assertive: 0 }

export function announce(text: string, how: keyof typeof spoken = 'polite'): void {
  // The same words twice are only heard twice when the region changes in between.
  spoken[how] = spoken[how] === text ? text + '\u00a0' : text
  window.clearTimeout(timers[how])
  timers[how] = window.setTimeout(() => (spoken[how] = ''), LASTS)
}
