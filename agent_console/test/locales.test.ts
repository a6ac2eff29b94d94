import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createI18n } from 'vue-i18n'

import { preferredLocale } from '../src/i18n'
import adminEn from '../src/locales/admin/en'
import adminZh from '../src/locales/admin/zh-CN'
import deskEn from '../src/locales/en'
import deskZh from '../src/locales/zh-CN'

const SRC = join(__dirname, '../src')
const en = { ...deskEn, ...adminEn, settings: { ...deskEn.settings, ...adminEn.settings } }
const zh = { ...deskZh, ...adminZh, settings: { ...deskZh.settings, ...adminZh.settings } }
const LOCALES = { en, 'zh-CN': zh }

function paths(messages: object, prefix = ''): string[] {
  return Object.entries(messages).flatMap(([key, value]) => (typeof value === 'string' ? [prefix + key] : paths(value as object, prefix + key + '.')))
}

/** Keys written out in the sources, and the beginnings of those that are put together. */
function used(): { whole: Set<string>; beginnings: Set<string> } {
  const whole = new Set<string>()
  const beginnings = new Set<string>()
  for (const file of readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(vue|ts)$/.test(name))) {
    const source = readFileSync(join(SRC, file), 'utf8')
    for (const [, key, plus] of source.matchAll(/\bt\('([^']+)'( \+)?/g)) (plus ? beginnings : whole).add(key!)
    for (const [, key] of source.matchAll(/\bt\(`([^$`]+)\$\{/g)) beginnings.add(key!)
  }
  return { whole, beginnings }
}

describe('the texts', () => {
  it('of the desk do not lean on those of settings', () => {
    expect(Object.keys(deskEn).filter((key) => key !== 'settings' && key in adminEn)).toEqual([])
  })

  it('are the same set in both languages', () => expect(paths(en).sort()).toEqual(paths(zh).sort()))

  it('compile, every one', () => {
    for (const [locale, messages] of Object.entries(LOCALES)) {
      const { global } = createI18n({ legacy: false, locale, messages: { [locale]: messages } })
      for (const path of paths(messages)) expect(() => global.t(path, { n: 2, name: 'x' }, 2), `${locale} ${path}`).not.toThrow()
      for (const path of paths(messages)) expect(global.t(path, { n: 2, name: 'x' }, 2), path).not.toBe('')
    }
  })

  it('take the same parameters in both languages', () => {
    const parameters = (text: string) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort()
    const at = (messages: object, path: string) => path.split('.').reduce<unknown>((part, key) => (part as Record<string, unknown>)[key], messages) as string
    for (const path of paths(en)) expect(parameters(at(zh, path)), path).toEqual(parameters(at(en, path)))
  })

  it('exist for every key that a page uses', () => {
    const known = new Set(paths(en))
    const { whole, beginnings } = used()
    expect([...whole].filter((key) => !known.has(key))).toEqual([])
    expect([...beginnings].filter((start) => ![...known].some((key) => key.startsWith(start)))).toEqual([])
  })
})

describe('the language before anybody signed in', () => {
  it('is the kept one', () => expect(preferredLocale('en', ['zh-CN'])).toBe('en'))
  it('is Chinese for a Chinese browser', () => expect(preferredLocale(null, ['zh-TW', 'en'])).toBe('zh-CN'))
  it('is English for all others', () => expect(preferredLocale(null, ['de'])).toBe('en'))
})
