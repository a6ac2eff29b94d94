import { h, render } from 'preact'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { Chat } from '../src/panel/chat'
import { en } from '../src/panel/i18n/en'
import { Words } from '../src/panel/i18n/words'
import type { Message } from '../src/panel/model'
import { App } from '../src/panel/view/App'
import type { ToHost } from '../src/common/messages'
import { moreEn } from '../src/panel/parts/texts'
import { FakeSocket, settle } from './server'
import { SITE, STANDING } from './site'

const said: ToHost[] = []
let root: HTMLElement
let chat: Chat

beforeEach(async () => {
  vi.stubGlobal('WebSocket', FakeSocket)
  said.length = 0
  root = document.body.appendChild(document.createElement('div'))
  chat = new Chat({
    start: { hub: 'start', site: 's', theme: '', dir: 'ltr', saved: {}, page: { url: '', title: '' }, identity: null, open: true },
    origin: 'http://shop.example',
    post: (note) => said.push(note),
    listen: () => undefined,
  }, SITE)
  render(<App chat={chat} words={new Words('en', en)} draft="begun" />, root)
  FakeSocket.last.opens()
})
afterEach(() => {
  render(null, root)
  root.remove()
})

const redrawn = (): Promise<void> => new Promise((done) => setTimeout(done, 50))
const greet = async (messages: Partial<Message>[] = [], site: object = {}): Promise<void> => {
  const whole = messages.map((message, i) => ({
    id: `m${i}`, n: i, client_key: null, direction: 'out', text: '', author: null, attachments: [],
    created_at: '2026-11-21T10:00:00Z', status: 'read', ...message,
  }))
  FakeSocket.last.event('hello', {
    visitor_id: 'v', cursor: 'c', resync: false, site: { ...SITE, ...site }, standing: STANDING, contact: { name: '', email: '', phone: '' },
    conversation: null, messages: whole, unread: 0,
  })
  await redrawn()
}
const box = (): HTMLTextAreaElement => root.querySelector('textarea')!
const press = (more: KeyboardEventInit): void => {
  box().dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true, ...more }))
}

test('Enter sends, but not while a word is being composed, nor with Shift', async () => {
  await greet()
  press({ isComposing: true })
  press({ keyCode: 229 } as KeyboardEventInit)
  press({ shiftKey: true })
  expect(FakeSocket.last.asked('send')).toEqual([])
  press({})
  await settle()
  expect(FakeSocket.last.asked('send').map(({ data }) => data.text)).toEqual(['begun'])
})

test('mark-up in a message is text, and only web addresses become links', async () => {
  const text = '<img src=x onerror=alert(1)> javascript:alert(1) 看 https://a.example/x?y=1，好'
  await greet([{ text }])
  const bubble = root.querySelector('[role=log] .bubble')!
  expect(bubble.textContent).toBe(text)
  expect(bubble.querySelector('img')).toBeNull()
  expect([...bubble.querySelectorAll('a')].map((link) => link.getAttribute('href'))).toEqual(['https://a.example/x?y=1'])
})

test('a message that was refused stays with two ways on', async () => {
  await greet()
  press({})
  await settle()
  FakeSocket.last.answers(FakeSocket.last.asked('send')[0]!.id, { ok: false, code: 'no_such_upload', detail: '', retry: false })
  await redrawn()
  const alert = root.querySelector('[role=log] [role=alert]')!
  expect(alert.textContent).toContain(moreEn.failedFiles)
  const [retry, discard] = [...alert.querySelectorAll('button')]
  retry!.click()
  expect(FakeSocket.last.asked('send')).toHaveLength(2)
  await redrawn()
  discard?.click()
})

test('a name of two words can be typed, and is said without the blanks around it', async () => {
  await greet([], { asks: true, ask: { name: 'required', email: 'off', phone: 'off' } })
  await chat.load('forms')
  await redrawn()
  const field = root.querySelector<HTMLInputElement>('input[name=name]')!
  for (const typed of ['Ann', 'Ann ', 'Ann L', 'Ann Lee ']) {
    field.value = typed
    field.dispatchEvent(new InputEvent('input', { bubbles: true }))
    await redrawn()
    expect(field.value).toBe(typed)
  }
  press({})
  await settle()
  expect(FakeSocket.last.asked('send')[0]!.data.name).toBe('Ann Lee')
})

test('Escape closes', async () => {
  await greet()
  box().dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }))
  expect(said).toContainEqual({ type: 'close' })
})

test('the dialog is named after the site, and what is said is a polite log', async () => {
  await greet()
  const dialog = root.querySelector('[role=dialog]')!
  expect(root.querySelector(`#${dialog.getAttribute('aria-labelledby')}`)!.textContent).toBe('Shop')
  expect(root.querySelector('[role=log]')!.getAttribute('aria-live')).toBe('polite')
})

test('a server that will not have us leaves nothing to write into', async () => {
  FakeSocket.last.event('bye', { code: 'foreign_origin', detail: '', retry: false })
  await redrawn()
  expect(root.querySelector('textarea')).toBeNull()
  expect(root.textContent).toContain(moreEn.refused)
})
