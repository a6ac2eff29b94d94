import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

import type { AdapterView, JsonSchema } from '../src/api/types'
import en from '../src/locales/admin/en'
import { providerAddress, wholeCode } from '../src/session/signOn'
import { ACTS, asked, changesIn, keyOfAct, nameIn, wantedFrom } from '../src/settings/audit/acts'
import { settingsOf } from '../src/settings/audit/words'
import { deviceOf, isPhone } from '../src/settings/profile/device'
import { qrAddress } from '../src/settings/profile/qr'
import { originIn, textOn } from '../src/settings/site'

const HUB = join(__dirname, '../../hub')
const MAC = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15'
const EDGE = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0'
const IPHONE = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1'
const WECHAT = 'Mozilla/5.0 (Linux; Android 14; 22041216C) AppleWebKit/537.36 Chrome/116.0.0.0 Mobile Safari/537.36 MicroMessenger/8.0.49'

/** Every act that the hub's sources write down, as text or as what a method hands on. */
function recorded(): string[] {
  const sources = readdirSync(HUB, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.py')).map((name) => readFileSync(join(HUB, name), 'utf8'))
  return sources.flatMap((source) => [...source.matchAll(/(?:audit\.record|self\._record|self\._remove|\b_note)\([^"]*?"([a-z_]+\.[a-z_]+)"/g)].map(([, act]) => act!))
}

describe('a device', () => {
  it('is called by its browser and its system', () => expect([deviceOf(EDGE), deviceOf(MAC)]).toEqual(['Edge 131 · Windows', 'Safari 18 · macOS']))
  it('is called by the app that shows the page', () => expect(deviceOf(WECHAT)).toBe('WeChat 8 · Android'))
  it('is a phone where it is one', () => expect([isPhone(IPHONE), isPhone(WECHAT), isPhone(MAC)]).toEqual([true, true, false]))
  it('keeps its own word where nobody knows it', () => expect([deviceOf('curl/8.5.0 (x)'), deviceOf('')]).toEqual(['curl/8.5.0', '']))
})

describe('a QR code', () => {
  it('is an image of its own, where nothing can run', () => {
    const address = qrAddress('<svg viewBox="0 0 9 9"><path d="M0 0#"/></svg>')
    expect(address.startsWith('data:image/svg+xml,%3Csvg%20xmlns')).toBe(true)
    expect(address).not.toContain('#')
  })
})

describe('a code of the second factor', () => {
  it('is whole with six digits, however they are typed', () => expect(['123456', '123 456', '12345', 'abcdef-gh', '1234567'].map(wholeCode)).toEqual([true, true, false, false, false]))
})

describe('a provider', () => {
  it('brings back to the page one wanted', () => expect(providerAddress('oidc', '/inbox/all?tag=a b')).toBe('/api/v1/session/oidc/oidc/start?next=%2Finbox%2Fall%3Ftag%3Da%20b'))
})

describe('the audit log', () => {
  it('has words for every act the hub records, and offers no other', () => {
    const acts = new Set(recorded())
    expect(acts.size).toBeGreaterThan(30)
    const verbs = ['tag', 'canned_reply', 'macro', 'view'].flatMap((what) => ['add', 'change', 'remove'].map((verb) => `${what}.${verb}`)) // put together there
    expect([...acts, ...verbs].filter((act) => !(ACTS as readonly string[]).includes(act))).toEqual([])
    expect(ACTS.filter((act) => !acts.has(act) && !verbs.includes(act))).toEqual([])
    expect(ACTS.map((act) => keyOfAct(act).slice(4)).sort()).toEqual(Object.keys(en.act).sort())
  })

  it('is asked for whole local days', () => {
    const query = asked({ user: '', action: '', from: '2026-03-01', to: '2026-03-01' })
    expect(new Date(query.until!).getTime() - new Date(query.since!).getTime()).toBe(24 * 3600_000)
    expect(query.user_id).toBeUndefined()
  })

  it('takes nothing from an address that is no day', () => expect(wantedFrom({ from: 'yesterday', to: ['2026-01-01'], user: 'u' })).toEqual({ user: 'u', action: '', from: '', to: '' }))

  it('says what changed, without what says nothing', () => {
    const detail = { name: 'Sales', added: ['audit.read'], removed: [], until: null, disabled: true }
    expect(nameIn(detail)).toBe('Sales')
    const words: Record<string, string> = { added: 'Added', 'audit.read': 'Read the audit log', true: 'yes' }
    const word = (one: unknown): string => words[String(one)] ?? String(one)
    expect(changesIn(detail, { key: word, value: (_, one) => word(one) })).toEqual(['Added: Read the audit log', 'disabled: yes'])
    expect(changesIn({ from: 'an-id', from_number: 'C1' }, { key: word, value: (key, one) => key + word(one) })).toEqual(['from_number: from_numberC1'])
  })

  it('calls settings as their form does, in both languages, and looks everywhere where it does not know whose they are', () => {
    const schema = { properties: { smtp_host: { type: 'string', title: 'Sending server', 'x-title-zh': '发信服务器' } } } as JsonSchema
    const adapters = [{ provider: 'mail', channel: 'email', title_en: 'E-mail', title_zh: '邮件', settings_schema: schema }] as AdapterView[]
    expect(settingsOf(adapters, 'zh-CN')('mail', 'smtp_host')).toBe('发信服务器')
    expect(settingsOf(adapters, 'en')('', 'smtp_host')).toBe('Sending server')
    expect(settingsOf(adapters, 'en')('mail', 'gone')).toBeUndefined()
  })
})

describe('a site', () => {
  it('is shown by the widget its snippet names', () => expect(originIn('<script async src="https://chat.example.com/widget/v1/loader.js" data-site="1"></script>')).toBe('https://chat.example.com'))
  it('has text on its colour that can be read', () => expect([textOn('#1f5eff'), textOn('#ffe14d'), textOn('#000000')]).toEqual(['#ffffff', '#000000', '#ffffff']))
})
