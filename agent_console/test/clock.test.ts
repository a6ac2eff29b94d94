import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope } from 'vue'

import { hub } from '../src/api/hub'
import { heardTime, hubTime, useNow } from '../src/lib/clock'

const THERE = Date.parse('2026-11-22T10:00:00Z')
const told = new Date(THERE).toUTCString()

describe('the hub\'s time', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => {
    heardTime(told, THERE, THERE)
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })

  it('is that of this machine as long as its clock can be right', () => {
    for (const [askedAt, now] of [[THERE, THERE + 900], [THERE - 4000, THERE + 300], [THERE + 950, THERE + 4000]] as const) {
      heardTime(told, askedAt, now)
      expect(hubTime(now)).toBe(now)
    }
  })

  it('is told by the answers where this machine goes wrong, and by no answer without a time', async () => {
    const minutes = (n: number): number => THERE + n * 60_000
    vi.setSystemTime(minutes(7))
    vi.stubGlobal('fetch', async () => new Response('{}', { headers: { Date: told, 'Content-Type': 'application/json' } }))
    await hub.session()
    expect(Math.abs(hubTime() - THERE)).toBeLessThanOrEqual(1000)
    heardTime(null, minutes(7))
    const now = effectScope().run(() => useNow(1000))!
    expect(Math.abs(now.value - THERE)).toBeLessThanOrEqual(1000)
    vi.advanceTimersByTime(5000)
    expect(Math.abs(now.value - THERE - 5000)).toBeLessThanOrEqual(1000)
  })

  it('is right again once the clock was set', () => {
    heardTime(told, THERE - 90_000, THERE - 89_900)
    expect(hubTime(THERE - 89_900)).toBe(THERE)
    heardTime(told, THERE + 100, THERE + 200)
    expect(hubTime(THERE + 200)).toBe(THERE + 200)
  })
})
