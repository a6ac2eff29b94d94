import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { Chat } from '../src/panel/chat'
import type { Host } from '../src/panel/host'
import type { Message, Site } from '../src/panel/model'
import type { ToHost, ToPanel } from '../src/common/messages'
import { FakeSocket, settle } from './server'
import { SITE, STANDING } from './site'

let said: ToHost[]
let storage: Record<string, string>
let tell: (message: ToPanel) => void
let chat: Chat

const message = (n: number, more: Partial<Message> = {}): Message => ({
  id: `m${n}`, n, client_key: null, direction: 'out', text: `text ${n}`, author: 'Li', attachments: [],
  created_at: '2026-11-21T10:00:00Z', status: null, ...more,
})
const hello = (more: object = {}): object => ({
  visitor_id: 'v', cursor: 'c0', resync: false, site: SITE, standing: STANDING, contact: { name: '', email: '', phone: '' }, conversation: null, messages: [], unread: 0, ...more,
})

function meet(open = true, site: Site = SITE): Chat {
  const host: Host = {
    start: { hub: 'start', site: 's', theme: '', dir: 'ltr', saved: { ...storage }, page: { url: 'http://shop.example/', title: 'Shop' }, identity: null, open },
    origin: 'http://shop.example',
    post: (note) => {
      said.push(note)
      if (note.type !== 'save') return
      if (note.value === null) delete storage[note.name]
      else storage[note.name] = note.value
    },
    listen: (onMessage) => (tell = onMessage),
  }
  return new Chat(host, site)
}
const server = (): FakeSocket => FakeSocket.last
const letIn = (more: object = {}): void => {
  server().opens()
  server().event('hello', hello(more))
}
const sends = () => FakeSocket.all.flatMap((socket) => socket.asked('send'))

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('WebSocket', FakeSocket)
  FakeSocket.all = []
  said = []
  storage = {}
  chat = meet()
})
afterEach(() => vi.useRealTimers())

test('it introduces itself with what the host keeps and with the origin the browser names', () => {
  storage = { token: 'secret' }
  chat = meet()
  server().opens()
  const auth = JSON.parse(server().sent[0]!.slice('40/visitor,'.length))
  expect(auth).toMatchObject({ site: 's', token: 'secret', origin: 'http://shop.example', page: { title: 'Shop' } })
})

test('a new token is kept by the host and shown the next time', () => {
  letIn({ token: 'fresh' })
  expect(storage.token).toBe('fresh')
  server().breaks()
  vi.advanceTimersByTime(1_000)
  server().opens()
  expect(server().sent[0]).toContain('"token":"fresh"')
})

test('a message is shown at once, kept until it is acknowledged, and then one of the list', async () => {
  letIn()
  chat.say(' hello ')
  const [asked] = sends()
  expect(chat.outbox.items).toHaveLength(1)
  expect(Object.keys(storage).filter((name) => name.startsWith('out:'))).toHaveLength(1)
  expect(asked!.data).toEqual({ client_key: asked!.data.client_key, text: 'hello', files: [] })
  server().answers(asked!.id, { ok: true, message: message(1, { direction: 'in', client_key: asked!.data.client_key }) })
  await settle()
  expect(chat.outbox.items).toEqual([])
  expect(chat.state.messages.map(({ id }) => id)).toEqual(['m1'])
  expect(Object.keys(storage).filter((name) => name.startsWith('out:'))).toEqual([])
})

test('what was written without a connection goes out in order when there is one, with the same keys over all tries', async () => {
  chat.say('one')
  chat.say('two')
  await settle()
  letIn()
  await settle()
  expect(sends().map(({ data }) => data.text)).toEqual(['one'])
  server().breaks()
  await settle()
  vi.advanceTimersByTime(1_000)
  letIn()
  await settle()
  const tries = sends()
  expect(tries.map(({ data }) => data.text)).toEqual(['one', 'one'])
  expect(tries[0]!.data.client_key).toBe(tries[1]!.data.client_key)
  server().answers(tries[1]!.id, { ok: true, message: message(1, { direction: 'in', client_key: tries[1]!.data.client_key }) })
  await settle()
  expect(sends().map(({ data }) => data.text)).toEqual(['one', 'one', 'two'])
})

test('a reload keeps what is on its way', async () => {
  chat.say('kept')
  const { key } = chat.outbox.items[0]!
  storage['out:rubbish'] = '{not json'
  chat = meet()
  letIn()
  await settle()
  expect(sends().map(({ data }) => [data.text, data.client_key])).toEqual([['kept', key]])
})

test('the same message by event and by acknowledgement is one message', async () => {
  letIn()
  chat.say('once')
  const [asked] = sends()
  const stored = message(1, { direction: 'in', client_key: asked!.data.client_key })
  server().event('event', { cursor: 'c1', prev: 'c0', type: 'message.added', data: stored })
  expect(chat.outbox.items).toEqual([])
  server().answers(asked!.id, { ok: true, message: stored })
  await settle()
  expect(chat.state.messages).toHaveLength(1)
  expect(sends()).toHaveLength(1)
})

test('a refusal for good stays with its reason until it is tried again or thrown away', async () => {
  letIn()
  chat.say('bad')
  server().answers(sends()[0]!.id, { ok: false, code: 'bad_message', detail: '', retry: false })
  await settle()
  vi.advanceTimersByTime(40_000)
  expect(chat.outbox.items.map(({ failed }) => failed)).toEqual(['bad_message'])
  expect(sends()).toHaveLength(1)
  chat.outbox.retry(chat.outbox.items[0]!.key, {})
  expect(sends()).toHaveLength(2)
  server().answers(sends()[1]!.id, { ok: false, code: 'bad_message', detail: '', retry: false })
  await settle()
  chat.outbox.remove(chat.outbox.items[0]!.key)
  expect(Object.keys(storage).filter((name) => name.startsWith('out:'))).toEqual([])
})

test('who is to say first who he is, is asked, and tries again with it', async () => {
  letIn()
  chat.say('hi')
  server().answers(sends()[0]!.id, { ok: false, code: 'introduction_needed', detail: '', retry: false })
  await settle()
  letIn({ site: { ...SITE, ask: { name: 'required', email: 'off', phone: 'off' }, asks: true } })
  expect(chat.asks).toBe(true)
  chat.who = { name: 'Ann' }
  chat.outbox.retry(chat.outbox.items[0]!.key, chat.who)
  await settle()
  expect(sends().map(({ data }) => [data.text, data.name])).toEqual([['hi', undefined], ['hi', 'Ann']])
})

test('a refusal for now is tried again, later each time', async () => {
  letIn()
  chat.say('busy')
  server().answers(sends()[0]!.id, { ok: false, code: 'rate_limited', detail: '', retry: true })
  await settle()
  expect(sends()).toHaveLength(1)
  vi.advanceTimersByTime(1_500)
  expect(sends()).toHaveLength(2)
  server().answers(sends()[1]!.id, { ok: false, code: 'unavailable', detail: '', retry: true })
  await settle()
  vi.advanceTimersByTime(999)
  expect(sends()).toHaveLength(2)
  vi.advanceTimersByTime(2_001)
  expect(sends()).toHaveLength(3)
})

test('a server that never answers is left for a new connection', async () => {
  letIn()
  chat.say('hm')
  vi.advanceTimersByTime(12_001)
  await settle()
  expect(FakeSocket.all).toHaveLength(2)
  letIn()
  await settle()
  expect(sends()).toHaveLength(2)
})

test('a gap between two events is mended by connecting anew with the cursor', () => {
  letIn()
  server().event('event', { cursor: 'c1', prev: 'c0', type: 'message.added', data: message(1) })
  server().event('event', { cursor: 'c3', prev: 'c2', type: 'message.added', data: message(3) })
  expect(FakeSocket.all).toHaveLength(2)
  server().opens()
  expect(server().sent[0]).toContain('"cursor":"c1"')
  server().event('hello', hello({ cursor: 'c3', messages: [message(1), message(2), message(3)] }))
  expect(chat.state.messages.map(({ n }) => n)).toEqual([1, 2, 3])
})

test('after too long an absence the list begins anew', () => {
  letIn({ messages: [message(1)] })
  server().breaks()
  vi.advanceTimersByTime(1_000)
  letIn({ resync: true, messages: Array.from({ length: 50 }, (_, i) => message(100 + i)) })
  expect(chat.state.messages[0]!.n).toBe(100)
  expect(chat.state.hasMore).toBe(true)
})

test('only an open panel in a visible page reads; what arrived is reported in any case', () => {
  tell({ type: 'shown', open: false })
  letIn({ messages: [message(1)] })
  expect(server().asked('seen').map(({ data }) => data)).toEqual([{ message_ids: ['m1'] }])
  expect(server().asked('read')).toEqual([])
  expect(said).toContainEqual({ type: 'unread', count: 1 })
  tell({ type: 'shown', open: true })
  expect(server().asked('read').map(({ data }) => data)).toEqual([{ n: 1 }])
  expect(said[said.length - 1]).toEqual({ type: 'unread', count: 0 })

  vi.spyOn(document, 'hidden', 'get').mockReturnValue(true)
  server().event('event', { cursor: 'c1', prev: 'c0', type: 'message.added', data: message(2) })
  expect(server().asked('read')).toHaveLength(1)
  vi.mocked(vi.spyOn(document, 'hidden', 'get')).mockReturnValue(false)
  document.dispatchEvent(new Event('visibilitychange'))
  expect(server().asked('read').map(({ data }) => data.n)).toEqual([1, 2])
})

test('what was read elsewhere is not unread here', () => {
  tell({ type: 'shown', open: false })
  letIn({ messages: [message(1)] })
  server().event('event', { cursor: 'c1', prev: 'c0', type: 'message.changed', data: { id: 'm1', n: 1, status: 'read' } })
  expect(said[said.length - 1]).toEqual({ type: 'unread', count: 0 })
})

test('typing is told now and then, and ends with a pause or the message', () => {
  letIn()
  chat.typing.key()
  chat.typing.key()
  vi.advanceTimersByTime(3_100)
  chat.typing.key()
  expect(server().asked('typing').map(({ data }) => data.typing)).toEqual([true, true])
  vi.advanceTimersByTime(4_100)
  expect(server().asked('typing').map(({ data }) => data.typing)).toEqual([true, true, false])
})

test('an agent who types is shown until the answer comes, or for a while', () => {
  letIn()
  server().event('typing', { typing: true, name: '李娜' })
  expect(chat.state.typing).toBe('李娜')
  server().event('event', { cursor: 'c1', prev: 'c0', type: 'message.added', data: message(1) })
  expect(chat.state.typing).toBeNull()
  server().event('typing', { typing: true, name: '' })
  expect(chat.state.typing).toBe('')
  vi.advanceTimersByTime(6_001)
  expect(chat.state.typing).toBeNull()
})

test('the wish goes with the first message of a conversation, and not with later ones', async () => {
  letIn({ site: { ...SITE, choice: [{ kind: 'queue', id: 'q', name: 'Roses', online: true }] } })
  chat.change({ wish: { kind: 'queue', id: 'q' } })
  chat.say('first')
  chat.say('second')
  expect(chat.outbox.items.map(({ wish }) => wish?.id)).toEqual(['q', undefined])
})

test('a server that will not have us is not asked again, unless the host proves who the visitor is', () => {
  server().opens()
  server().event('bye', { code: 'bad_identity', detail: '', retry: false })
  expect(chat.state.phase).toBe('refused')
  expect(said).toContainEqual({ type: 'identity' })
  vi.advanceTimersByTime(60_000)
  expect(FakeSocket.all).toHaveLength(1)
  tell({ type: 'identify', identity: 'jwt' })
  server().opens()
  expect(server().sent[0]).toContain('"identity":"jwt"')
  server().event('bye', { code: 'bad_identity', detail: '', retry: false })
  expect(said.filter(({ type }) => type === 'identity')).toHaveLength(1)
})

test('reset forgets the visitor, what he said and what was on its way', () => {
  letIn({ token: 't', messages: [message(1)] })
  chat.say('private')
  tell({ type: 'reset' })
  expect(chat.state.messages).toEqual([])
  expect(chat.outbox.items).toEqual([])
  server().opens()
  expect(server().sent[0]).toContain('"token":null')
})

test('an answer shows that somebody is there', () => {
  letIn({ site: { ...SITE, online: false } })
  expect(chat.state.site.online).toBe(false)
  server().event('event', { cursor: 'c1', prev: 'c0', type: 'message.added', data: message(1) })
  expect(chat.state.site.online).toBe(true)
})

test('what was read is said again on a new connection, in case it was lost with the old one', () => {
  letIn({ messages: [message(1)] })
  expect(server().asked('read')).toHaveLength(1)
  server().breaks()
  vi.advanceTimersByTime(1_000)
  tell({ type: 'shown', open: false })
  letIn({ messages: [message(1), message(2)] })
  expect(server().asked('read').map(({ data }) => data.n)).toEqual([1])
  expect(said[said.length - 1]).toEqual({ type: 'unread', count: 1 })
})

test('nothing is said to the server before the visitor has agreed, and after a reset he is asked again', () => {
  FakeSocket.all = []
  chat = meet(true, { ...SITE, consent_en: 'We keep what you write.' })
  expect(FakeSocket.all).toEqual([])
  expect(storage).toEqual({})
  chat.agree()
  expect(storage).toEqual({ consent: '1' })
  letIn({ site: chat.state.site })
  expect(chat.state.phase).toBe('online')
  tell({ type: 'reset' })
  expect(chat.state.agreed).toBe(false)
  expect(FakeSocket.all).toHaveLength(1)
})

test('who agreed once is not asked on the next page', () => {
  storage = { consent: '1' }
  FakeSocket.all = []
  chat = meet(true, { ...SITE, consent_en: 'We keep what you write.' })
  expect(FakeSocket.all).toHaveLength(1)
})

test('what the visitor typed of himself goes with his messages', () => {
  letIn()
  chat.who = { email: 'ann@example.com' }
  chat.say('hello')
  expect(sends()[0]!.data).toMatchObject({ text: 'hello', email: 'ann@example.com' })
})

test('while he waits it asks who will answer, and stops when somebody has', async () => {
  const talk = { id: 't', state: 'open', assigned: false, stars: null }
  letIn({ conversation: talk, messages: [message(1, { direction: 'in' })] })
  vi.advanceTimersByTime(15_000)
  const [asked] = server().asked('standing')
  server().answers(asked!.id, { ok: true, ...STANDING, place: 3, read_n: 1 })
  await settle()
  expect(chat.state.standing).toMatchObject({ place: 3, read_n: 1 })
  server().event('event', { cursor: 'c1', prev: 'c0', type: 'message.added', data: message(2) })
  vi.advanceTimersByTime(30_000)
  expect(server().asked('standing')).toHaveLength(1)
})

test('whose it is is asked for as soon as somebody takes it', () => {
  const talk = { id: 't', state: 'open', assigned: false, stars: null }
  letIn({ conversation: talk })
  server().event('event', { cursor: 'c1', prev: 'c0', type: 'conversation.changed', data: { ...talk, assigned: true } })
  expect(server().asked('standing')).toHaveLength(1)
})

test('sound can be switched off, and stays off', () => {
  letIn()
  chat.setSound(false)
  expect(storage.silent).toBe('1')
  expect(meet().state.sound).toBe(false)
})
