import { afterEach, expect, test, vi } from 'vitest'

import { linkFrame } from '../src/loader/frame'
import { meetHost } from '../src/panel/host'
import { isStart, KNOCK, type Start } from '../src/common/messages'

const HUB = 'https://hub.example'
const START: Start = { hub: 'start', site: 's', theme: '', dir: 'ltr', saved: { token: 'secret' }, page: { url: '', title: '' }, identity: null, open: false }

const deliver = (data: unknown, origin: string, source: unknown, ports: unknown[] = []): void => {
  window.dispatchEvent(Object.assign(new Event('message'), { data, origin, source, ports }))
}
const settled = (): Promise<void> => new Promise((done) => setTimeout(done, 5))

afterEach(() => vi.unstubAllGlobals())

test('the loader hands the token to the hub alone, and to its own frame alone', async () => {
  const inside = { postMessage: vi.fn() }
  const frame = { contentWindow: inside } as unknown as HTMLIFrameElement
  linkFrame(frame, HUB, () => Promise.resolve(START), () => undefined)

  deliver(KNOCK, 'https://evil.example', inside)
  deliver(KNOCK, 'null', inside)
  deliver(KNOCK, HUB, { postMessage: vi.fn() })
  deliver('hub:other', HUB, inside)
  await settled()
  expect(inside.postMessage).not.toHaveBeenCalled()

  deliver(KNOCK, HUB, inside)
  await settled()
  expect(inside.postMessage).toHaveBeenCalledTimes(1)
  const [said, target, ports] = inside.postMessage.mock.calls[0]!
  expect([said, target, ports.length]).toEqual([START, HUB, 1])
})

test('a frame that loads anew gets a new port, and the old one is dead', async () => {
  const inside = { postMessage: vi.fn() }
  const heard = vi.fn()
  linkFrame({ contentWindow: inside } as unknown as HTMLIFrameElement, HUB, () => Promise.resolve(START), heard)
  deliver(KNOCK, HUB, inside)
  deliver(KNOCK, HUB, inside)
  await settled()
  const ports = inside.postMessage.mock.calls.map(([, , [port]]) => port as MessagePort)
  ports[0]!.postMessage({ type: 'close' })
  ports[1]!.postMessage({ type: 'ready' })
  await settled()
  expect(heard.mock.calls).toEqual([[{ type: 'ready' }]])
})

test('the panel takes a port from its parent only, once, and keeps the origin the browser names', async () => {
  const parent = { postMessage: vi.fn() }
  vi.stubGlobal('parent', parent)
  let host: Awaited<ReturnType<typeof meetHost>> | undefined
  void meetHost().then((met) => (host = met))
  expect(parent.postMessage).toHaveBeenCalledWith(KNOCK, '*')
  const { port1 } = new MessageChannel()

  deliver(START, 'https://shop.example', { postMessage: vi.fn() }, [port1])
  deliver(START, 'https://shop.example', parent, [])
  deliver({ hub: 'start' }, 'https://shop.example', parent, [port1])
  await settled()
  expect(host).toBeUndefined()

  deliver(START, 'https://shop.example', parent, [port1])
  deliver(START, 'https://evil.example', parent, [port1])
  await settled()
  expect(host!.origin).toBe('https://shop.example')
})

test.each([null, 'start', {}, { hub: 'start', site: 1 }, { hub: 'start', site: 's', saved: null, page: {} }])(
  '%j is no start',
  (value) => {
    expect(isStart(value)).toBe(false)
  },
)
