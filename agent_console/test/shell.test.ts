// @vitest-environment happy-dom
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { mount } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { nextTick } from 'vue'
import { createI18n } from 'vue-i18n'

import type { CustomerView, ReplyOption, TicketView } from '../src/api/types'
import { inTheWay, rebound } from '../src/command/rebind'
import { ranked, score } from '../src/command/rank'
import { SETTINGS } from '../src/command/settings'
import InlineEdit from '../src/customers/InlineEdit.vue'
import { contacts } from '../src/customers/timeline'
import { announce, spoken } from '../src/lib/announce'
import { clockText } from '../src/lib/countdown'
import { preferences } from '../src/lib/preferences'
import en from '../src/locales/shell/en'
import { isQuiet } from '../src/notifications/quiet'
import { ring, unlockOnTouch } from '../src/notifications/ring'
import { reach } from '../src/pane/reach'
import { alarm, counted, isStale, lined, ordered, shapeOf, totals, type Queue } from '../src/wallboard/board'
import { conversation, replyOption } from './fixtures'

const NOW = Date.parse('2026-11-21T12:00:00Z')
const ago = (minutes: number): string => new Date(NOW - minutes * 60_000).toISOString()

describe('what answers to a word', () => {
  it('counts a beginning more than a part, and a part more than scattered letters', () => {
    expect(['Close', 'Close or reopen', 'Or close', 'Disclose', 'c-l-o-s-e', 'Snooze'].map((text) => score(text, 'close'))).toEqual([100, 80, 60, 40, 10, 0])
  })
  it('may be Chinese, or several words', () => {
    expect(score('前往待分配', '待分配')).toBe(40)
    expect(score('Emma Clarke', 'cla em')).toBe(60)
  })
  it('is never led astray by signs of patterns', () => expect(score('a(b', '(b')).toBeGreaterThan(0))
  it('stands in order of worth, then as it was', () => {
    const items = ['Go to tickets', 'Ticket T1', 'Ticket T2', 'Else'].map((name) => ({ name, also: '' }))
    expect(ranked(items, 'ticket', 2).map((one) => one.name)).toEqual(['Ticket T1', 'Ticket T2'])
    expect(ranked(items, '').length).toBe(4)
  })
})

describe('other keys', () => {
  afterEach(() => void (preferences.shortcuts = {}))
  it('are refused where another action or the browser needs them', () => {
    expect(inTheWay('reply', 'n')).toEqual({ action: 'note' })
    expect(inTheWay('reply', 'g')).toEqual({ action: 'notifications' })
    expect(inTheWay('reply', 'mod+t')).toBe('browser')
    expect(inTheWay('reply', 'b')).toBeNull()
    expect(inTheWay('reply', 'r')).toBeNull()
  })
  it('are kept only where they differ', () => {
    expect(rebound({}, 'reply', 'b')).toEqual({ reply: 'b' })
    expect(rebound({ reply: 'b', note: '' }, 'reply', 'r')).toEqual({ note: '' })
  })
})

describe('quiet hours', () => {
  const night = { from: '22:00', to: '07:00', timezone: 'Asia/Shanghai' }
  const at = (utc: string): boolean => isQuiet(night, new Date(utc))
  it('reach over midnight by the clock of their zone', () => {
    expect(['2026-11-21T13:59:00Z', '2026-11-21T14:00:00Z', '2026-11-21T22:59:00Z', '2026-11-21T23:00:00Z'].map(at)).toEqual([false, true, true, false])
  })
  it('may lie within a day', () => expect(isQuiet({ from: '12:00', to: '13:00', timezone: 'UTC' }, new Date(NOW))).toBe(true))
  it('are none when not set or empty', () => expect([isQuiet(null, new Date()), isQuiet({ ...night, to: '22:00' }, new Date('2026-11-21T14:00:00Z'))]).toEqual([false, false]))
})

describe('the sound', () => {
  let rung = 0
  beforeEach(() => {
    rung = 0
    const tone = () => ({ frequency: {}, connect: (next: unknown) => next, start: () => rung++, stop: () => {} })
    const gain = () => ({ gain: { setValueAtTime() {}, exponentialRampToValueAtTime() {} }, connect: (next: unknown) => next })
    vi.stubGlobal('AudioContext', class { state = 'running'; currentTime = 0; resume = async () => {}; createOscillator = tone; createGain = gain })
    let held = false
    const request = async (_name: string, _how: object, act: (lock: object | null) => Promise<void>): Promise<void> => {
      if (held) return act(null)
      held = true
      await act({})
      held = false
    }
    vi.stubGlobal('navigator', { locks: { request } })
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })
  it('is silent until the page was touched, then one for all that happens at once', async () => {
    await ring()
    expect(rung).toBe(0)
    unlockOnTouch()
    window.dispatchEvent(new Event('pointerdown'))
    void ring()
    void ring()
    await vi.advanceTimersByTimeAsync(2500)
    expect(rung).toBe(2) // two tones, one sound
    void ring()
    await vi.advanceTimersByTimeAsync(10)
    expect(rung).toBe(4)
  })
})

describe('the spoken line', () => {
  it('changes even when the same is said twice', () => {
    announce('Saved')
    const first = spoken.polite
    announce('Saved')
    expect(spoken.polite).not.toBe(first)
    expect(spoken.polite.trim()).toBe('Saved')
  })
})

describe('a countdown', () => {
  it('shows whole seconds and nothing below zero', () => expect([65_000, 400, -5, 3_723_000].map(clockText)).toEqual(['1:05', '0:01', '0:00', '1:02:03']))
})

const queue = (part: Partial<Queue>): Queue => ({ id: part.name ?? 'q', name: 'q', open: 0, unanswered: 0, waiting: 0, oldest_waiting_at: null, overdue: 0, promises: false, next_due_at: null, online: 1, free: 1, ...part })

describe('the wallboard', () => {
  it('tells who waits too long, or for nobody', () => {
    expect(alarm(queue({ waiting: 1, oldest_waiting_at: ago(5) }), NOW)).toBe('calm')
    expect(alarm(queue({ waiting: 1, oldest_waiting_at: ago(15) }), NOW)).toBe('long')
    expect(alarm(queue({ waiting: 1, oldest_waiting_at: ago(1), online: 0 }), NOW)).toBe('alone')
    expect(alarm(queue({ waiting: 1, oldest_waiting_at: ago(1), overdue: 1 }), NOW)).toBe('overdue')
  })
  it('calls a wait long only where nothing was promised, else by the promise', () => {
    expect(alarm(queue({ promises: true, waiting: 1, oldest_waiting_at: ago(50) }), NOW)).toBe('calm')
    expect(alarm(queue({ promises: true, waiting: 1, oldest_waiting_at: ago(1), next_due_at: ago(-4) }), NOW)).toBe('soon')
  })
  it('puts the worst first and keeps the others where they were', () => {
    expect(ordered([queue({ name: 'b' }), queue({ name: 'a' }), queue({ name: 'c', overdue: 2 })], NOW).map((one) => one.name)).toEqual(['c', 'a', 'b'])
  })
  it('is stale after twenty seconds', () => expect([isStale(NOW - 19_000, NOW), isStale(NOW - 21_000, NOW)]).toEqual([false, true]))
  it.each([[1, 1], [2, 1], [12, 1], [16, 1], [17, 2], [40, 3]])('shows %i tiles on %i page(s), none too small', (count, pages) => {
    const shape = shapeOf(count, { width: 960, height: 580 }, { width: 205, height: 130 }, 10)
    expect(shape.pages).toBe(pages)
    expect(shape.columns * shape.rows * shape.pages).toBeGreaterThanOrEqual(count)
    expect([shape.columns <= 4, shape.rows <= 4]).toEqual([true, true])
  })
  it('fills its pages evenly, and has one tile at least in the smallest box', () => {
    expect(shapeOf(11, { width: 350, height: 600 }, { width: 230, height: 57 }, 10)).toEqual({ columns: 1, rows: 6, pages: 2 })
    expect(shapeOf(3, { width: 0, height: 0 }, { width: 230, height: 57 }, 10)).toEqual({ columns: 1, rows: 1, pages: 3 })
  })
  it('counts an agent of two queues once', () => {
    const agent = (name: string, state: 'online' | 'away', load: number) => ({ user_id: name, name, state, since: ago(1), until: null, load, capacity: 100 })
    const board = { at: ago(0), queues: [queue({ waiting: 2, oldest_waiting_at: ago(3), online: 2 }), queue({ waiting: 1, oldest_waiting_at: ago(9), online: 2 })], agents: [agent('zoe', 'online', 100), agent('al', 'away', 0), agent('bo', 'online', 20)] }
    expect(totals(board)).toEqual({ waiting: 3, oldest: ago(9), overdue: 0, open: 0, online: 2, free: 1 })
    expect(lined(board.agents).map((one) => one.name)).toEqual(['bo', 'zoe', 'al'])
    expect(counted(board.agents).filter((one) => one.count)).toEqual([{ state: 'online', count: 2 }, { state: 'away', count: 1 }])
  })
})

const customer = (id: string, part: Partial<CustomerView> = {}): CustomerView => ({
  id, number: 'C1', kind: 'person', name: id, level: 'ordinary', sex: null, company: '', title: '', postal_address: '', locale: '', note: '', unconfirmed: false,
  addresses: [], refusals: [], organisations: [], members: [], merged: [], created_at: ago(9), updated_at: ago(9), version: 1, ...part,
})
const at = (kind: 'email' | 'phone' | 'visitor', value: string) => ({ id: value, kind, value, display: value, label: '', verified: false, primary: false })

describe('how a customer can be reached', () => {
  const option = (part: Partial<ReplyOption>): ReplyOption => replyOption(part)
  it('is said channel by channel, with the reason', () => {
    const one = customer('c', { addresses: [at('email', 'a@b.c')], refusals: [{ channel: 'fax', reason: 'too slow', at: ago(1), by_name: 'Li' }] })
    const found = reach(one, [option({}), option({ channel: 'sms', allowed: false, refusals: ['no_address'] }), option({ channel: 'webchat', allowed: false, refusals: ['visitor_gone'] })])
    expect(found).toEqual([
      { channel: 'email', state: 'usable', why: [] },
      { channel: 'sms', state: 'no_address', why: [] },
      { channel: 'webchat', state: 'blocked', why: ['visitor_gone'] },
      { channel: 'fax', state: 'refused', why: ['too slow'] },
    ])
  })
  it('is no, when the customer said so, even where it could be done', () => {
    const one = customer('c', { addresses: [at('email', 'a@b.c')], refusals: [{ channel: 'email', reason: '', at: ago(1), by_name: 'Li' }] })
    expect(reach(one, [option({})])[0]?.state).toBe('refused')
  })
})

describe('the timeline of a customer', () => {
  it('holds all channels and tickets, newest first, by month', () => {
    const talks = [conversation({ id: 'a', last_message_at: '2026-11-02T10:00:00Z' }), conversation({ id: 'b', channel: 'email', state: 'closed', last_message_at: '2026-10-20T10:00:00Z' })]
    const ticket = { id: 't', title: 'Refund', number: 'T1', state: 'new', updated_at: '2026-11-05T10:00:00Z' } as TicketView
    const found = contacts(talks, [ticket])
    expect(found.map(({ month, contacts }) => [month, contacts.map((one) => one.key)])).toEqual([['2026-11', ['tt', 'ca']], ['2026-10', ['cb']]])
    expect(found[1]?.contacts[0]?.path).toBe('/inbox/closed/b')
  })
})

describe('a value edited in place', () => {
  const i18n = createI18n({ legacy: false, locale: 'en', messages: { en } as never })
  async function edit(save: (value: string) => Promise<boolean>) {
    const shown = mount(InlineEdit, { props: { value: 'Acme', label: 'Company', save }, slots: { default: 'Acme' }, global: { plugins: [i18n] }, attachTo: document.body })
    await shown.get('button').trigger('click')
    await nextTick()
    return shown
  }
  it('is saved by Enter and gives the focus back', async () => {
    const save = vi.fn(async () => true)
    const shown = await edit(save)
    await shown.get('input').setValue(' Acme Ltd ')
    await shown.get('input').trigger('keydown', { key: 'Enter' })
    await vi.waitFor(() => expect(shown.find('button').exists()).toBe(true))
    expect(save).toHaveBeenCalledWith('Acme Ltd')
    await vi.waitFor(() => expect(document.activeElement).toBe(shown.get('button').element))
  })
  it('is left alone by Escape, and by Enter in the middle of a word being composed', async () => {
    const save = vi.fn(async () => true)
    const shown = await edit(save)
    await shown.get('input').setValue('王')
    await shown.get('input').trigger('keydown', { key: 'Enter', isComposing: true })
    await shown.get('input').trigger('keydown', { key: 'Escape' })
    await nextTick()
    expect(save).not.toHaveBeenCalled()
    expect(shown.find('input').exists()).toBe(false)
  })
  it('stays open when it could not be saved', async () => {
    const shown = await edit(async () => false)
    await shown.get('input').setValue('x')
    await shown.get('input').trigger('keydown', { key: 'Enter' })
    await nextTick()
    expect(shown.find('input').exists()).toBe(true)
  })
})

describe('the settings that the command bar goes to', () => {
  it('are those of the settings page, with the same rights', () => {
    const source = readFileSync(join(__dirname, '../src/settings/SettingsPage.vue'), 'utf8')
    const sections = [...source.matchAll(/\{ id: '(\w+)', icon: \w+,(?: right: '([\w.]+)',)?/g)].map(([, id, right]) => ({ id, ...(right && { right }) }))
    expect(SETTINGS).toEqual(sections)
  })
})
