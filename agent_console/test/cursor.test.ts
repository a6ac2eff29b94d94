import { effectScope } from 'vue'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

import { Pruned, useEventCursor, type EventFeed } from '../src/live/cursor'
import type { LiveEvent } from '../src/live/events'

const event = (cursor: string, prev: string): LiveEvent => ({ type: 'user.changed', data: { id: cursor }, cursor, prev })
const LOG = ['1', '2', '3', '4', '5', '6'].map((cursor, at) => event(cursor, String(at)))

function follow(since: EventFeed['since']) {
  let push: (event: LiveEvent) => void = () => {}
  const applied: string[] = []
  const reload = vi.fn()
  const feed: EventFeed = { subscribe: (take) => ((push = take), () => (push = () => {})), since: vi.fn(since) }
  const scope = effectScope()
  const stream = scope.run(() => useEventCursor(feed, (one) => applied.push(one.cursor), reload))!
  return { push: (one: LiveEvent) => push(one), applied, reload, feed, stream, scope }
}
const after = async (cursor: string): Promise<LiveEvent[]> => LOG.filter((one) => one.cursor > cursor)

describe('the event cursor', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('applies events in order without asking anybody', async () => {
    const { push, applied, feed, stream } = follow(after)
    stream.restart('0')
    LOG.slice(0, 3).forEach(push)
    await stream.settled()
    expect(applied).toEqual(['1', '2', '3'])
    expect(feed.since).not.toHaveBeenCalled()
  })

  it('fetches what lies between when an event does not follow the last one', async () => {
    const { push, applied, stream } = follow(after)
    stream.restart('0')
    push(LOG[0]!)
    push(event('5', '4'))
    await stream.settled()
    expect(applied).toEqual(['1', '2', '3', '4', '5', '6'])
  })

  it('outlives an event that cannot be taken: all is fetched anew, and the next one counts', async () => {
    const said = vi.fn()
    vi.stubGlobal('reportError', said)
    let push: (event: LiveEvent) => void = () => {}
    const applied: string[] = []
    const reload = vi.fn()
    const apply = ({ cursor }: LiveEvent): void => {
      if (cursor === '1') throw new TypeError('no such field')
      applied.push(cursor)
    }
    const stream = effectScope().run(() => useEventCursor({ subscribe: (take) => ((push = take), () => {}), since: after }, apply, reload))!
    stream.restart('0')
    LOG.slice(0, 3).forEach((one) => push(one))
    await stream.settled()
    expect(applied).toEqual(['2', '3'])
    expect(reload).toHaveBeenCalledOnce()
    expect(said).toHaveBeenCalledOnce()
    vi.unstubAllGlobals()
  })

  it('does not apply twice what was pushed while it was being fetched', async () => {
    const { push, applied, stream } = follow(after)
    stream.restart('0')
    for (const one of [LOG[3]!, LOG[4]!, LOG[5]!, event('7', '6')]) push(one)
    await stream.settled()
    expect(applied).toEqual(['1', '2', '3', '4', '5', '6', '7'])
  })

  it('reloads everything and goes on when the log no longer reaches back', async () => {
    const { push, applied, reload, stream } = follow(() => Promise.reject(new Pruned()))
    stream.restart('0')
    push(LOG[4]!)
    push(LOG[5]!)
    await stream.settled()
    expect(reload).toHaveBeenCalledOnce()
    expect(applied).toEqual(['5', '6'])
  })

  it('tries a failed refetch again before it gives up', async () => {
    let tries = 0
    const { push, applied, reload, stream } = follow((cursor) => (++tries < 3 ? Promise.reject(new Error('503')) : after(cursor)))
    stream.restart('0')
    push(LOG[2]!)
    await vi.runAllTimersAsync()
    await stream.settled()
    expect(tries).toBe(3)
    expect(reload).not.toHaveBeenCalled()
    expect(applied).toEqual(['1', '2', '3', '4', '5', '6'])
  })

  it('hears nothing any more when its owner is gone', async () => {
    const { push, applied, stream, scope } = follow(after)
    scope.stop()
    push(LOG[0]!)
    await stream.settled()
    expect(applied).toEqual([])
  })
})
