import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createI18n } from 'vue-i18n'

import { preferredLocale } from '../src/i18n'
import deskEn from '../src/locales/en'
import deskZh from '../src/locales/zh-CN'

type Texts = { [key: string]: string | Texts }

const SRC = join(__dirname, '../src')
const PARTS = import.meta.glob<Texts>('../src/locales/*/*.ts', { eager: true, import: 'default' })
const en = together(deskEn, 'en')
const zh = together(deskZh, 'zh-CN')
const LOCALES = { en, 'zh-CN': zh }

/** All parts of one language, as a session that visited every page has them. */
function together(desk: Texts, locale: string): Texts {
  return Object.entries(PARTS).reduce((all, [file, part]) => (file.endsWith(`/${locale}.ts`) ? merged(all, part, file) : all), desk)
}

function merged(all: Texts, part: Texts, file: string): Texts {
  const result = { ...all }
  for (const [key, value] of Object.entries(part)) {
    const there = result[key]
    if (there !== undefined && (typeof there === 'string' || typeof value === 'string')) throw new Error(`${file} says ${key} again`)
    result[key] = typeof value === 'string' ? value : merged((there as Texts) ?? {}, value, file)
  }
  return result
}

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
