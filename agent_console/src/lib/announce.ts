import { reactive } from 'vue'

/** What screen readers say next: `polite` when they are done, `assertive` at once. The shell holds the two live regions. */
export const spoken = reactive({ polite: '', assertive: '' })

export function announce(text: string, how: keyof typeof spoken = 'polite'): void {
  // The same words twice are only heard twice when the region changes in between.
  spoken[how] = spoken[how] === text ? text + '\u00a0' : text
}
