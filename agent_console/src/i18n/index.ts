import { createI18n } from 'vue-i18n'

import type { Locale } from '../api/types'

export const LOCALES: readonly Locale[] = ['zh-CN', 'en']
const KEPT = 'switchboard.locale'

export const i18n = createI18n({ legacy: false, locale: 'en' as Locale, fallbackLocale: false, messages: {} as Record<Locale, Record<string, never>> })

export type Part = 'desk' | 'list' | 'thread' | 'shell' | 'admin' | 'signin' | 'sms' | 'merge'

// `desk` and `list` are there from the start; the others come with the pages and dialogs that speak them (`speaking`).
const FILES: Record<Part, Record<Locale, () => Promise<{ default: object }>>> = {
  desk: { 'zh-CN': () => import('../locales/zh-CN'), en: () => import('../locales/en') },
  list: { 'zh-CN': () => import('../locales/list/zh-CN'), en: () => import('../locales/list/en') },
  thread: { 'zh-CN': () => import('../locales/thread/zh-CN'), en: () => import('../locales/thread/en') },
  shell: { 'zh-CN': () => import('../locales/shell/zh-CN'), en: () => import('../locales/shell/en') },
  admin: { 'zh-CN': () => import('../locales/admin/zh-CN'), en: () => import('../locales/admin/en') },
  sms: { 'zh-CN': () => import('../locales/sms/zh-CN'), en: () => import('../locales/sms/en') },
  merge: { 'zh-CN': () => import('../locales/merge/zh-CN'), en: () => import('../locales/merge/en') },
  signin: { 'zh-CN': () => import('../locales/signin/zh-CN'), en: () => import('../locales/signin/en') },
}
const parts = new Set<Part>(['desk', 'list'])
const loaded = new Set<string>()

async function load(locale: Locale): Promise<void> {
  const missing = [...parts].filter((part) => !loaded.has(part + locale))
  for (const { default: texts } of await Promise.all(missing.map((part) => FILES[part][locale]()))) i18n.global.mergeLocaleMessage(locale, texts)
  for (const part of missing) loaded.add(part + locale)
}

/** From now on these texts are there, too, in whatever language is shown. */
export async function useTexts(part: Part): Promise<void> {
  parts.add(part)
  await load(i18n.global.locale.value)
}

/** For routes and `defineAsyncComponent`: a chunk that shows itself when the texts it speaks are there, too; both are fetched at once. */
export function speaking<T>(fetch: () => Promise<T>, ...spoken: Part[]): () => Promise<T> {
  return async () => (await Promise.all([fetch(), ...spoken.map(useTexts)]))[0]
}

/** The language of this browser until a user with a choice of his own has signed in. */
export function preferredLocale(kept: string | null = localStorage.getItem(KEPT), languages: readonly string[] = navigator.languages): Locale {
  if (kept === 'zh-CN' || kept === 'en') return kept
  return languages[0]?.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en'
}

/** Shows everything in another language at once, without a reload. */
export async function useLocale(locale: Locale): Promise<void> {
  await load(locale)
  i18n.global.locale.value = locale
  document.documentElement.lang = locale
  localStorage.setItem(KEPT, locale)
}
