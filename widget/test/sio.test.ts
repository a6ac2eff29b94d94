import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { NoAnswer, Sio } from '../src/panel/sio'
import { eventFrame, parse } from '../src/panel/wire'
import { FakeSocket } from './server'

const heard: [string, unknown][] = []
let lost = 0
let sio: Sio

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('WebSocket', FakeSocket)
  FakeSocket.all = []
  heard.length = lost = 0
  sio = new Sio({
    url: 'http://hub.example',
    namespace: '/visitor',
    auth: () => ({ site: 's' }),
    onEvent: (name, data) => heard.push([name, data]),
    onLost: () => lost++,
  })
  sio.start()
})
afterEach(() => {
  sio.stop()
  vi.useRealTimers()
})

test.each([
  ['0{"sid":"a","pingInterval":25000,"pingTimeout":20000}', { kind: 'open', silence: 45000 }],
  ['2', { kind: 'ping' }],
  ['1', { kind: 'end' }],
  ['40/visitor,{"sid":"x"}', { kind: 'connect' }],
  ['41/visitor,', { kind: 'end' }],
  ['42/visitor,["typing",{"typing":true,"name":"李娜,\\n3"}]', { kind: 'event', name: 'typing', data: { typing: true, name: '李娜,\n3' } }],
  ['42/visitor,["hello"]', { kind: 'event', name: 'hello', data: undefined }],
  ['43/visitor,17[{"ok":true}]', { kind: 'ack', id: 17, data: { ok: true } }],
  ['43/visitor,0[]', { kind: 'ack', id: 0, data: undefined }],
  ['44/visitor,"no"', { kind: 'refused' }],
  ['6', null],
])('a frame %s is read', (frame, packet) => {
  expect(parse(frame)).toEqual(packet)
})

test('an event is written as python-socketio reads it', () => {
  expect(eventFrame('/visitor', 'read', { n: 3 })).toBe('42/visitor,["read",{"n":3}]')
  expect(eventFrame('/visitor', 'send', {}, 0)).toBe('42/visitor,0["send",{}]')
})

test('it comes in by websocket, shows who it is, and answers pings', () => {
  expect(FakeSocket.last.url).toBe('ws://hub.example/socket.io/?EIO=4&transport=websocket')
  FakeSocket.last.opens()
  FakeSocket.last.says('2')
  expect(FakeSocket.last.sent).toEqual(['40/visitor,{"site":"s"}', '3'])
  expect(sio.connected).toBe(true)
})

test('an answer reaches whoever asked', async () => {
  FakeSocket.last.opens()
  const [one, two] = [sio.ask('history', { before: 5 }), sio.ask('history', { before: 9 })]
  FakeSocket.last.answers('1', 'second')
  FakeSocket.last.answers('0', 'first')
  expect(await Promise.all([one, two])).toEqual(['first', 'second'])
})

test('what was asked on a connection that breaks is refused, and the next connection comes by itself', async () => {
  FakeSocket.last.opens()
  const asked = sio.ask('send', {})
  FakeSocket.last.breaks()
  await expect(asked).rejects.toBeInstanceOf(NoAnswer)
  expect(lost).toBe(1)
  vi.advanceTimersByTime(750)
  expect(FakeSocket.all).toHaveLength(2)
})

test('the waits between tries grow up to a bound', () => {
  const gaps: number[] = []
  let tries = 1
  for (let i = 0; i < 8; i++) {
    FakeSocket.last.breaks()
    let waited = 0
    while (FakeSocket.all.length === tries) {
      vi.advanceTimersByTime(50)
      waited += 50
    }
    tries = FakeSocket.all.length
    gaps.push(waited)
  }
  expect(gaps[0]).toBeLessThanOrEqual(750)
  expect(gaps[7]).toBeGreaterThanOrEqual(7_500)
  expect(Math.max(...gaps)).toBeLessThanOrEqual(22_550)
})

test('a server that falls silent is given up', () => {
  FakeSocket.last.opens()
  vi.advanceTimersByTime(44_000)
  FakeSocket.last.says('2')
  vi.advanceTimersByTime(44_000)
  expect(lost).toBe(0)
  vi.advanceTimersByTime(1_001)
  expect(lost).toBe(1)
})

test('a late frame of a connection that was given up is not heard', () => {
  const first = FakeSocket.last
  first.opens()
  const hear = first.onmessage!
  sio.restart()
  expect(first.closed).toBe(true)
  expect(first.onmessage).toBeNull()
  FakeSocket.last.opens()
  FakeSocket.last.event('hello', 1)
  expect(heard).toEqual([['hello', 1]])
  expect(hear).toBeTypeOf('function')
})

test('it does not come back after stop, and does at once when the network is back', () => {
  FakeSocket.last.breaks()
  window.dispatchEvent(new Event('online'))
  expect(FakeSocket.all).toHaveLength(2)
  sio.stop()
  vi.advanceTimersByTime(60_000)
  window.dispatchEvent(new Event('online'))
  expect(FakeSocket.all).toHaveLength(2)
})

test('a line that died while the machine slept is known at the first look', () => {
  FakeSocket.last.opens()
  document.dispatchEvent(new Event('visibilitychange'))
  expect(FakeSocket.all).toHaveLength(1)
  vi.setSystemTime(Date.now() + 600_000) // the clock went on, the timers did not
  document.dispatchEvent(new Event('visibilitychange'))
  expect(FakeSocket.all).toHaveLength(2)
  expect(lost).toBe(1)
})
