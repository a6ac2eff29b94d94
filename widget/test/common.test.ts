import { expect, test } from 'vitest'

import { en } from '../src/panel/i18n/en'
import { more, Words } from '../src/panel/i18n/words'
import { zh } from '../src/panel/i18n/zh'
import { newKey } from '../src/panel/key'
import { contrast, isColor, luminance, textOn } from '../src/common/contrast'
import { localeOf } from '../src/common/locale'
import { moreEn, moreZh } from '../src/panel/parts/texts'

test('contrast is as WCAG computes it', () => {
  expect(contrast('#ffffff', '#000000')).toBeCloseTo(21, 5)
  expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2)
  expect(luminance('#ff0000')).toBeCloseTo(0.2126, 4)
})

test('text reads well on every colour a site may choose', () => {
  for (let value = 0; value < 2 ** 24; value += 4099) {
    const color = `#${value.toString(16).padStart(6, '0')}`
    expect(contrast(color, textOn(color))).toBeGreaterThanOrEqual(4.5)
  }
})

test('a colour is six hexadecimal digits and nothing else', () => {
  expect(['#0F766e', '#fff', 'red', '#0f766e;x', null].map(isColor)).toEqual([true, false, false, false, false])
})

const names = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1]!).sort()

const TABLES: [string, Record<string, string>, Record<string, string>][] = [
  ['panel', en, zh],
  ['later parts', moreEn, moreZh],
]

test.each(TABLES)('both languages of the %s say the same things', (_, one, other) => {
  expect(Object.keys(other).sort()).toEqual(Object.keys(one).sort())
  for (const key of Object.keys(one)) expect(names(other[key]!), key).toEqual(names(one[key]!))
})

test('Chinese pages get Chinese, all others English', () => {
  expect(['zh', 'zh-CN', 'zh-Hant-TW', 'ZH-tw', 'en-GB', 'de', '', 'zhx'].map(localeOf)).toEqual([
    'zh-CN', 'zh-CN', 'zh-CN', 'zh-CN', 'en', 'en', 'en', 'en',
  ])
})

test('values go into the words as they are', () => {
  const words = new Words('en', en)
  expect(words.t('typingName', { name: '<b>$& Li' })).toBe('<b>$& Li is typing…')
  expect([words.size(900), words.size(10 * 2 ** 20), words.size(1.5 * 2 ** 20)]).toEqual(['0.9 KB', '10 MB', '1.5 MB'])
})

test('keys are random UUIDs of version 4', () => {
  const keys = Array.from({ length: 100 }, newKey)
  expect(new Set(keys).size).toBe(100)
  for (const key of keys) expect(key).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
})

test('nothing is ever set as mark-up or run from a text', () => {
  const sources = import.meta.glob<string>('../src/**/*.{ts,tsx}', { query: '?raw', import: 'default', eager: true })
  expect(Object.keys(sources).length).toBeGreaterThan(20)
  for (const [name, source] of Object.entries(sources)) {
    expect(source, name).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc/)
  }
})

test('the site\'s own words come first, and those of later parts when they are there', () => {
  const words = new Words('en', en, { online: 'Ahoy', rate: 'Happy?' })
  expect([words.t('online'), words.t('nobody'), words.t('rate')]).toEqual(['Ahoy', en.nobody, 'Happy?'])
  more.en = { thanks: 'Thanks' }
  expect(words.t('thanks')).toBe('Thanks')
})
