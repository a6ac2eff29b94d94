import { createI18n } from 'vue-i18n'

import type { Locale } from '../api/types'

export const LOCALES: readonly Locale[] = ['zh-CN', 'en']
const KEPT = 'switchboard.locale'

export const i18n = createI18n({ legacy: false, locale: 'en' as Locale, fallbackLocale: false, messages: {} as Record<Locale, Record<string, never>> })

const FILES: Record<Locale, () => Promise<{ default: object }>> = {
  'zh-CN': () => import('../locales/zh-CN'),
  en: () => import('../locales/en'),
}

/** The language of this browser until a user with a choice of his own has signed in. */
export function preferredLocale(kept: string | null = localStorage.getItem(KEPT), languages: readonly string[] = navigator.languages): Locale {
  if (kept === 'zh-CN' || kept === 'en') return kept
  return languages[0]?.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en'
}

/** Shows everything in another language at once, without a reload. */
export async function useLocale(locale: Locale): Promise<void> {
  if (!(i18n.global.availableLocales as string[]).includes(locale)) {
    i18n.global.setLocaleMessage(locale, (await FILES[locale]()).default as Record<string, never>)
  }
  i18n.global.locale.value = locale
  document.documentElement.lang = locale
  localStorage.setItem(KEPT, locale)
}
