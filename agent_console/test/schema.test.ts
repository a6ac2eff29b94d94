import { describe, expect, it } from 'vitest'

import type { JsonSchema } from '../src/api/types'
import { fieldsOf, isSet, settingsFrom, shownValues } from '../src/settings/schema'

const SCHEMA: JsonSchema = {
  $ref: '#/$defs/MailSettings',
  $defs: {
    MailSettings: {
      type: 'object',
      required: ['address'],
      properties: {
        address: { type: 'string', title: 'Address', 'x-title-zh': '邮箱地址' },
        password: { type: 'string', writeOnly: true, default: '' },
        port: { type: 'integer', minimum: 1, maximum: 65535, default: 993 },
        proxy: { anyOf: [{ type: 'string' }, { type: 'null' }], title: 'Proxy', default: null },
        security: { $ref: '#/$defs/Security', default: 'tls' },
        domains: { type: 'array', items: { type: 'string' }, default: [] },
        tokens: { type: 'boolean', default: true },
        nested: { type: 'object' },
      },
    },
    Security: { enum: ['tls', 'none'] },
  },
}
const fields = fieldsOf(SCHEMA, 'zh-CN')
const kindOf = (name: string) => fields.find((one) => one.name === name)?.kind

describe('a form from a JSON schema', () => {
  it('has a field for every simple setting, in order', () => {
    expect(fields.map((one) => one.name)).toEqual(['address', 'password', 'port', 'proxy', 'security', 'domains', 'tokens'])
    expect(['password', 'port', 'proxy', 'security', 'domains', 'tokens'].map(kindOf)).toEqual(['secret', 'number', 'text', 'choice', 'list', 'switch'])
  })

  it('speaks the language of the user where the schema does', () => {
    expect(fields[0]?.label).toBe('邮箱地址')
    expect(fieldsOf(SCHEMA, 'en')[0]?.label).toBe('Address')
    expect(fields[3]?.label).toBe('Proxy')
  })

  it('never shows a stored secret', () => {
    const stored = { address: 'a@b.cn', password: { set: true } }
    expect(shownValues(fields, stored).password).toBe('')
    expect(isSet(stored.password)).toBe(true)
    expect(isSet(undefined)).toBe(false)
  })

  it('leaves out a secret that nobody typed, and sends one that somebody did', () => {
    const values = shownValues(fields, { address: 'a@b.cn', password: { set: true } })
    expect(settingsFrom(fields, values, { password: { set: true } })).not.toHaveProperty('password')
    expect(settingsFrom(fields, { ...values, password: 'new' }, {})).toHaveProperty('password', 'new')
  })

  it('gives back numbers, lists and nothing as what they are', () => {
    const values = { ...shownValues(fields, {}), address: 'a@b.cn', port: '143', domains: ' b.cn \n\n c.cn', proxy: '' }
    expect(settingsFrom(fields, values, {})).toEqual({ address: 'a@b.cn', port: 143, domains: ['b.cn', 'c.cn'], proxy: null, security: 'tls', tokens: true })
  })

  it('keeps settings it has no field for', () => {
    expect(settingsFrom(fields, shownValues(fields, {}), { nested: { a: 1 } })).toHaveProperty('nested', { a: 1 })
  })
})
