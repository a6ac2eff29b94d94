// @vitest-environment happy-dom
import { effectScope, nextTick } from 'vue'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { act, ACTION_IDS, ACTIONS, can, keepTyping, keysFor, listenForKeys, shownKeysFor, typedAhead, useAction, useOwnActions } from '../src/lib/actions'
import { preferences } from '../src/lib/preferences'
import { clash, isCharacter, shownKeys, strokeOf } from '../src/lib/strokes'
import en from '../src/locales/shell/en'
import zh from '../src/locales/shell/zh-CN'

let stop: () => void
let scope = effectScope()
const done: string[] = []

function press(key: string, held: Partial<KeyboardEventInit> = {}, target: Element = document.body): KeyboardEvent {
  const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...held })
  target.dispatchEvent(event)
  return event
}

function field(html: string): Element {
  document.body.innerHTML = html
  return document.body.firstElementChild!
}

beforeEach(() => {
  done.length = 0
  scope = effectScope()
  stop = listenForKeys()
  scope.run(() => {
    for (const id of ['reply', 'go_tickets', 'go_inbox', 'help', 'back', 'open', 'command'] as const) useAction(id, () => done.push(id))
  })
})
afterEach(() => {
  scope.stop()
  stop()
  Object.assign(preferences, { shortcuts: {}, single_keys: true })
})

describe('the keys', () => {
  it('do what they name', () => {
    expect(press('r').defaultPrevented).toBe(true)
    press('?', { shiftKey: true })
    press('k', { ctrlKey: true })
    expect(done).toEqual(['reply', 'help', 'command'])
  })

  it('may be two, one after the other', () => {
    press('g')
    press('t')
    press('t')
    expect(done).toEqual(['go_tickets'])
  })

  it('forget the first when the second does not come', () => {
    vi.useFakeTimers()
    press('g')
    vi.advanceTimersByTime(3000)
    press('i')
    vi.useRealTimers()
    expect(done).toEqual([])
  })

  it('do nothing after a first key that does not go with them', () => {
    press('g')
    press('r')
    expect(done).toEqual([])
    press('r')
    expect(done).toEqual(['reply'])
  })

  it.each(['<input>', '<textarea></textarea>', '<select></select>', '<div role="dialog"></div>', '<div role="menu"></div>'])('are text in %s', (html) => {
    expect(press('r', {}, field(html)).defaultPrevented).toBe(false)
    press('k', { ctrlKey: true }, document.body.firstElementChild!)
    expect(done).toEqual(['command'])
  })

  it('still work on a ticked box', () => {
    press('r', {}, field('<input type="checkbox">'))
    expect(done).toEqual(['reply'])
  })

  it('leave Enter to the button that has the focus', () => {
    expect(press('Enter', {}, field('<button></button>')).defaultPrevented).toBe(false)
    press('Enter', {}, field('<div></div>'))
    expect(done).toEqual(['open'])
  })

  it('never take part of a word that an input method makes', () => {
    press('r', { isComposing: true })
    expect(done).toEqual([])
  })

  it('are found by place on a keyboard of another script', () => {
    press('к', { code: 'KeyR' })
    expect(done).toEqual(['reply'])
  })

  it('can be others', () => {
    preferences.shortcuts = { reply: 'b' }
    press('r')
    expect(done).toEqual([])
    press('b')
    expect(done).toEqual(['reply'])
    expect(shownKeysFor('reply')).toBe('b')
  })

  it('can be switched off where they are letters, and only there', () => {
    preferences.single_keys = false
    press('r')
    press('g')
    press('t')
    press('Escape')
    press('k', { metaKey: true })
    expect(done).toEqual(['back', 'command'])
    expect(shownKeysFor('reply')).toBe('')
  })
})

describe('an action', () => {
  it('is done by whoever came last and can', () => {
    const inner = effectScope()
    let able = true
    inner.run(() => useAction('reply', () => done.push('inner'), () => able))
    act('reply')
    able = false
    act('reply')
    inner.stop()
    act('reply')
    expect(done).toEqual(['inner', 'reply', 'reply'])
  })

  it('that nobody does is no action', () => {
    expect(can('note')).toBe(false)
    expect(act('note')).toBe(false)
    expect(press('n').defaultPrevented).toBe(false)
  })

  it('of its own has its own keys, until it is replaced', async () => {
    const replace = scope.run(() => useOwnActions())!
    replace([{ id: 'm1', title: 'Spam', keys: '1', run: () => done.push('m1') }])
    await nextTick()
    press('1')
    replace([])
    press('1')
    expect(done).toEqual(['m1'])
  })

  it('has a title in both languages', () => {
    expect(Object.keys(en.action).sort()).toEqual([...ACTION_IDS].sort())
    expect(Object.keys(zh.action).sort()).toEqual([...ACTION_IDS].sort())
  })

  it('shares its standard keys with no other', () => {
    const keys = ACTION_IDS.map(keysFor).filter(Boolean)
    for (const one of keys) expect(keys.filter((other) => clash(one, other)), one).toEqual([one])
    expect(ACTIONS.next[0] + ACTIONS.previous[0] + ACTIONS.reply[0] + ACTIONS.note[0] + ACTIONS.assign[0] + ACTIONS.close[0] + ACTIONS.snooze[0] + ACTIONS.unread[0] + ACTIONS.select[0]).toBe('jkrnaehux')
  })
})

describe('strokes', () => {
  it('are written with what is held', () => {
    expect(strokeOf(new KeyboardEvent('keydown', { key: 'K', ctrlKey: true, shiftKey: true }))).toBe('mod+shift+k')
    expect(strokeOf(new KeyboardEvent('keydown', { key: 'Shift', shiftKey: true }))).toBe('')
    expect(strokeOf(new KeyboardEvent('keydown', { key: 'A', shiftKey: true }))).toBe('A')
  })
  it('are shown as they stand on the keys', () => {
    expect(shownKeys('mod+k')).toEqual(['Ctrl', 'K'])
    expect(shownKeys('g i')).toEqual(['g', 'i'])
    expect(shownKeys('mod++')).toEqual(['Ctrl', '+'])
  })
  it('are characters only when bare', () => expect(['j', 'g i', '?', 'mod+k', 'Escape'].map(isCharacter)).toEqual([true, true, true, false, false]))
})

describe('what is typed before the command bar is there', () => {
  it('is text for it, and does nothing on the page', () => {
    keepTyping()
    press('r')
    press('?')
    expect(done).toEqual([])
    expect(typedAhead()).toBe('r?')
    press('r')
    expect(done).toEqual(['reply'])
  })
  it('keeps its blanks, and presses no button', () => {
    keepTyping()
    expect(['i', ' ', 'a', 'Enter'].map((key) => press(key).defaultPrevented)).toEqual([true, true, true, true])
    expect(typedAhead()).toBe('i a')
  })
})
