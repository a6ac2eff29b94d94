import { QueryObserver, VueQueryPlugin } from '@tanstack/vue-query'
import { mount } from '@vue/test-utils'
import { createPinia } from 'pinia'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'

import { useLive } from '../src/live/store'
import { newClient } from './fixtures'

/** The other end of the line is the test. */
class Line {
  static all: Line[] = []
  static readonly CONNECTING = 0
  static get last(): Line {
    return Line.all.at(-1)!
  }
  readyState = 1
  sent: string[] = []
  onmessage: ((event: { data: string }) => void) | null = null
  onclose: (() => void) | null = null

  constructor() {
    Line.all.push(this)
  }
  send(text: string): void {
    this.sent.push(text)
  }
  close(): void {
    this.readyState = 3
  }
  says(name: string, data: unknown): void {
    this.onmessage?.({ data: `42/agent,${JSON.stringify([name, data])}` })
  }
  greets(): void {
    for (const data of ['0{"sid":"a","pingInterval":25000,"pingTimeout":20000}', '40/agent,{"sid":"b"}']) this.onmessage?.({ data })
    this.says('hello', { cursor: '1', resync: false })
  }
  heard(name: string): unknown[] {
    return this.sent.flatMap((text) => {
      const [what, data] = JSON.parse(/^42\/agent,(.*)$/.exec(text)?.[1] ?? '[]') as [string?, unknown?]
      return what === name ? [data] : []
    })
  }
}

const client = newClient()
let live: ReturnType<typeof useLive>
const looks = (conversation_id: string, viewing = true, user_id = 'bob') => Line.last.says('notice', { topic: 'viewing', data: { conversation_id, viewing, user_id, name: 'Bob' } })

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('WebSocket', Line)
  mount({ setup: () => ((live = useLive()), () => null) }, { global: { plugins: [createPinia(), [VueQueryPlugin, { queryClient: client }]] } })
  void live.start('me')
  Line.last.greets()
})
afterEach(() => {
  live.stop()
  client.clear()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

it('a colleague who went while the line was lost looks on no more', async () => {
  looks('c1')
  expect(live.viewing.get('c1')).toEqual(['Bob'])
  Line.last.onclose?.()
  expect(live.viewing.get('c1')).toBeUndefined()
  looks('c2')
  live.stop()
  expect(live.viewers.size).toBe(0)
})

it('who opens what one looks at is told so, once', () => {
  live.sayViewing('c1')
  looks('c1')
  looks('c1')
  looks('c2', true, 'eve')
  expect(Line.last.heard('viewing')).toEqual([{ conversation_id: 'c1' }, { conversation_id: 'c1' }])
})

it('what could not be fetched is fetched when the line is back', async () => {
  const fetch = vi.fn().mockRejectedValueOnce(new Error('no line')).mockResolvedValue('here')
  const stop = new QueryObserver(client, { queryKey: ['thing'], queryFn: fetch, retry: false }).subscribe(() => undefined)
  await vi.advanceTimersByTimeAsync(10)
  expect(client.getQueryState(['thing'])?.status).toBe('error')
  Line.last.onclose?.()
  await vi.advanceTimersByTimeAsync(2000)
  Line.last.greets()
  await vi.advanceTimersByTimeAsync(10)
  expect(client.getQueryData(['thing'])).toBe('here')
  stop()
})

it('a line that died while the machine slept is known at the first look', () => {
  const before = Line.all.length
  document.dispatchEvent(new Event('visibilitychange'))
  expect(Line.all).toHaveLength(before)
  vi.setSystemTime(Date.now() + 600_000) // the clock went on, the timers did not
  document.dispatchEvent(new Event('visibilitychange'))
  expect(Line.all).toHaveLength(before + 1)
})
