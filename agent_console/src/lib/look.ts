import { reactive, watchEffect } from 'vue'

import type { Theme } from '../api/types'
import { preferences } from './preferences'

const KEPT = 'switchboard.look'
const dark = window.matchMedia('(prefers-color-scheme: dark)')

interface Look {
  theme: Theme
}

const STANDARD: Look = { theme: 'system' }

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
  document.documentElement.dataset.density = preferences.density
}

export function startLook(): void {
  dark.addEventListener('change', show)
  watchEffect(() => {
    show()
    localStorage.setItem(KEPT, JSON.stringify(look))
  })
}
