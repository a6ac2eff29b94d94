import { describe, expect, it } from 'vitest'

import { narrowingFrom, narrowness, placeOf, queryOf, savedIn, sortFrom, viewIn } from '../src/inbox/address'
import { asItWas, finished, foreseen } from '../src/inbox/bulk'
import { allOf, extended, kept, NOTHING, toggled } from '../src/inbox/selection'
import { clockOf } from '../src/inbox/urgency'
import { openTime } from '../src/live/openTime'
import { belongs, keys, type ConversationFilter } from '../src/live/keys'
import { patchFields, patchMany } from '../src/live/patch'
import { recounted } from '../src/live/store'
import { conversation, ME, newClient, pagesOf } from './fixtures'

const NOW = new Date('2026-11-21T12:00:00Z').getTime()

describe('the filter in the address', () => {
  it('says everything that narrows the list, and nothing else', () => {
    const narrowing = { queue_id: 'q1', tag: 'VIP & 老客户', overdue: true, priority: 'high' } as const
    expect(narrowingFrom(queryOf(narrowing, 'newest') as Record<string, string>)).toEqual(narrowing)
    expect(sortFrom(queryOf(narrowing, 'newest') as Record<string, string>)).toBe('newest')
    expect(queryOf({}, 'waiting')).toEqual({})
  })

  it('passes over what it does not know', () => {
    expect(narrowingFrom({ colour: 'red', unread: 'yes', queue: '' })).toEqual({})
    expect(viewIn('nonsense')).toBe('all')
  })

  it('knows saved views by their id', () => {
    expect(savedIn(placeOf('v1'))).toBe('v1')
    expect(savedIn('mine')).toBeUndefined()
    expect(narrowness({ tag: 'x', unread: false })).toBe(1)
  })
})

describe('the selection', () => {
  const rows = ['a', 'b', 'c', 'd', 'e']

  it('takes a range from the row touched last, in either direction', () => {
    expect([...extended(toggled(NOTHING, 'd', rows), 'b', rows).ids].sort()).toEqual(['b', 'c', 'd'])
  })

  it('of everything becomes one of the loaded rows when one is taken out', () => {
    const all = { ...allOf(rows), everything: true }
    const without = toggled(all, 'c', rows)
    expect(without.everything).toBe(false)
    expect([...without.ids]).toEqual(['a', 'b', 'd', 'e'])
  })

  it('loses rows that have left the list', () => {
    expect([...kept(allOf(rows), new Set(['b', 'x'])).ids]).toEqual(['b'])
  })
})

describe('what was foreseen of many and did not come', () => {
  const was = conversation({ id: 'a', rev: 3, tags: ['VIP'] })
  const now = { ...was, ...foreseen(was, { kind: 'close' }) }

  it('is taken back, and nothing else', () => expect(asItWas({ ...now, unread: true }, was, { kind: 'close' })).toEqual({ state: 'open' }))
  it('stands where the hub has said more since', () => expect(asItWas({ ...now, rev: 4 }, was, { kind: 'close' })).toEqual({}))
})

describe('which list a conversation belongs to', () => {
  const all: ConversationFilter = { view: 'all', sort: 'newest' }

  it('goes by tag, priority and what is my own', () => {
    const one = conversation({ id: 'a', tags: ['VIP'], priority: 'high', draft: true })
    expect(belongs(one, { ...all, tag: 'VIP', priority: 'high', draft: true }, ME)).toBe(true)
    expect(belongs(one, { ...all, tag: 'other' }, ME)).toBe(false)
    expect(belongs(one, { ...all, view: 'drafts' }, ME)).toBe(true)
    expect(belongs(one, { ...all, view: 'mentions' }, ME)).toBe(false)
  })

  it('is overdue only while an answer is owed', () => {
    const late = conversation({ id: 'a', response_due_at: '2026-11-21T11:00:00Z' })
    expect(belongs(late, { ...all, overdue: true }, ME, NOW)).toBe(true)
    expect(belongs({ ...late, waiting_for: 'customer' }, { ...all, overdue: true }, ME, NOW)).toBe(false)
  })

  it('is none when it was merged into another', () => {
    expect(belongs(conversation({ id: 'a', merged_into: 'b' }), all, ME)).toBe(false)
  })
})

const wall = (_: string | null, from: number, to: number): number => to - from

describe('the clock of a row', () => {
  it('counts down what was promised, then says by how much it is over', () => {
    expect(clockOf(conversation({ id: 'a', response_due_at: '2026-11-21T12:05:00Z' }), NOW, wall)).toEqual({ says: 'due_in', time: 300_000, tone: 'soon' })
    expect(clockOf(conversation({ id: 'a', response_due_at: '2026-11-21T11:50:00Z' }), NOW, wall)).toEqual({ says: 'overdue_by', time: 600_000, tone: 'late' })
  })

  it('says how long somebody waits where nothing was promised, and nothing when it is not our turn', () => {
    expect(clockOf(conversation({ id: 'a', waiting_since: '2026-11-21T11:58:00Z' }), NOW, wall)).toEqual({ says: 'waited', time: 120_000, tone: 'calm' })
    expect(clockOf(conversation({ id: 'a', waiting_for: 'customer' }), NOW, wall)).toBeNull()
  })
})

describe('business time', () => {
  const spans = [
    { start: '2026-11-20T01:00:00Z', end: '2026-11-20T10:00:00Z' },
    { start: '2026-11-23T01:00:00Z', end: '2026-11-23T10:00:00Z' },
  ]
  const at = Date.parse

  it('leaves out the night and the weekend', () => {
    expect(openTime(spans, at('2026-11-20T09:00:00Z'), at('2026-11-23T02:30:00Z'))).toBe(2.5 * 3_600_000)
    expect(openTime(spans, at('2026-11-21T09:00:00Z'), at('2026-11-22T09:00:00Z'))).toBe(0)
  })

  it('is what a row counts', () => {
    const waiting = conversation({ id: 'a', queue_id: 'q', waiting_since: '2026-11-21T09:00:00Z' })
    expect(clockOf(waiting, at('2026-11-22T09:00:00Z'), (_, from, to) => openTime(spans, from, to))).toEqual({ says: 'waited', time: 0, tone: 'calm' })
  })
})

describe('an action on many', () => {
  const mine: ConversationFilter = { view: 'mine', sort: 'newest' }

  it('is shown before the hub has answered', () => {
    const client = newClient()
    client.setQueryData(keys.conversations(mine), pagesOf(['a', 'b', 'c'].map((id) => conversation({ id }))))
    patchMany(client, new Set(['a', 'c']), (one) => foreseen(one, { kind: 'close' }), ME)
    expect((client.getQueryData(keys.conversations(mine)) as ReturnType<typeof pagesOf>).pages[0]!.items.map((one) => one.id)).toEqual(['b'])
  })

  it('is looked after until it is finished', async () => {
    const states = [2, 4].map((done) => ({ id: 'b', total: 4, done, failed: [], finished: done === 4, undoes: null }))
    const seen: number[] = []
    await finished(states[0]!, () => Promise.resolve(states[1]!), (state) => seen.push(state.done))
    expect(seen).toEqual([2, 4])
  })
})

describe('what is my own of a conversation', () => {
  it('is changed where it is shown', () => {
    const client = newClient()
    const drafts: ConversationFilter = { view: 'drafts', sort: 'newest' }
    client.setQueryData(keys.conversations(drafts), pagesOf([conversation({ id: 'a', draft: true })]))
    patchFields(client, 'a', { draft: false }, ME)
    expect((client.getQueryData(keys.conversations(drafts)) as ReturnType<typeof pagesOf>).pages[0]!.items).toEqual([])
  })
})

describe('the counters', () => {
  it('take in what changed and keep the rest', () => {
    const known = { mine: { us: 1, customer: 2 }, unassigned: { us: 3 }, all: { us: 9 }, snoozed: {}, views: { v1: 4, v2: 5 } }
    expect(recounted(known, { mine: { us: 2 }, views: { v2: 6 } })).toEqual({ ...known, mine: { us: 2, customer: 2 }, views: { v1: 4, v2: 6 } })
  })
})
