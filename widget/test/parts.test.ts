import { expect, test } from 'vitest'

import { met, visitOf } from '../src/panel/invite'
import type { Ask } from '../src/panel/model'
import { fieldsOf } from '../src/panel/parts/Introduction'
import { shownWith, textsOf } from '../src/panel/preview'
import { SITE } from './site'

const rule = (after_seconds: number, url_contains: string) => ({ after_seconds, url_contains, text_en: 'Help?', text_zh: '需要帮助吗？' })
const asks = (name: Ask, email: Ask, phone: Ask) => ({ name, email, phone })

test('the first rule counts whose time has come and whose part is in the address', () => {
  const rules = [rule(30, '/prices'), rule(60, '')]
  expect(met(rules, 'https://shop.example/prices', 29)).toBeUndefined()
  expect(met(rules, 'https://shop.example/prices', 30)).toBe(rules[0])
  expect(met(rules, 'https://shop.example/', 59)).toBeUndefined()
  expect(met(rules, 'https://shop.example/', 60)).toBe(rules[1])
})

test('one is invited once a visit, and a visit ends half an hour after its last page', () => {
  const now = 1_763_683_200_000
  expect(visitOf(undefined, now)).toEqual({ isInvited: false })
  expect(visitOf(`${now - 60_000}`, now)).toEqual({ isInvited: false })
  expect(visitOf(`${now - 60_000}+`, now)).toEqual({ isInvited: true })
  expect(visitOf(`${now - 31 * 60_000}+`, now)).toEqual({ isInvited: false })
  expect(visitOf('rubbish', now)).toEqual({ isInvited: false })
})

test('before the first message the fields of the site are asked for, and not what is known', () => {
  expect(fieldsOf(asks('required', 'optional', 'off'), null, {}, {})).toEqual([
    { name: 'name', required: true },
    { name: 'email', required: false },
  ])
  expect(fieldsOf(asks('required', 'optional', 'off'), null, { name: 'Ann' }, {})).toEqual([{ name: 'email', required: false }])
  expect(fieldsOf(asks('off', 'off', 'off'), null, {}, {})).toEqual([])
})

test('while nobody is there one address is enough, and which one is the visitor\'s choice', () => {
  const required = (known: object, who: object) =>
    fieldsOf(asks('off', 'off', 'off'), 'required', known, who).filter((field) => field.required).map(({ name }) => name)
  expect(required({}, {})).toEqual(['email', 'phone'])
  expect(required({}, { phone: '123' })).toEqual(['phone'])
  expect(required({}, { email: 'ann@example.com' })).toEqual(['email'])
  expect(required({ email: 'ann@example.com' }, {})).toEqual([])
})

test('a preview shows settings as they stand in the form, over what is saved', () => {
  const shown = shownWith(SITE, { name: 'New', color: '#facc15', theme: 5, texts_en: ['online = Ahoy = there'], max_file_mb: 2 })
  expect(shown).toMatchObject({ name: 'New', on_color: '#000000', theme: 'auto', texts_en: { online: 'Ahoy = there' }, max_file_bytes: 2 ** 21 })
  expect(shownWith(SITE, { color: 'red;x' }).color).toBe(SITE.color)
  expect(textsOf(undefined)).toEqual({})
})
