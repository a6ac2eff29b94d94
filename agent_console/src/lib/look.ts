import { reactive, watchEffect } from 'vue'

import type { Theme } from '../api/types'

export type Density = 'comfortable' | 'compact'

const KEPT = 'switchboard.look'
const dark = window.matchMedia('(prefers-color-scheme: dark)')

interface Look {
  theme: Theme
  density: Density
  letterKeys: boolean
  ctrlEnterSends: boolean
  sound: boolean
}

const STANDARD: Look = { theme: 'system', density: 'comfortable', letterKeys: true, ctrlEnterSends: true, sound: true }

/** How this browser shows the console; kept here, the theme also with the user. */
export const look = reactive<Look>({ ...STANDARD, ...read() })

function read(): Partial<Look> {
  try {
    return JSON.parse(localStorage.getItem(KEPT) ?? '{}') as Partial<Look>
  } catch {
    return {}
  }
}

export function show(): void {
  document.documentElement.classList.toggle('dark', look.theme === 'dark' || (look.theme === 'system' && dark.matches))
  document.documentElement.dataset.density = look.density
}

export function startLook(): void {
  dark.addEventListener('change', show)
  watchEffect(() => {
    show()
    localStorage.setItem(KEPT, JSON.stringify(look))
  })
}
