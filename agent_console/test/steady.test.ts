import { describe, expect, it } from 'vitest'

import { numbered } from '../src/inbox/parts'
import { steady, type Row } from '../src/inbox/steady'
import { conversation } from './fixtures'

const row = (id: string, preview = ''): Row => ({ kind: 'conversation', key: id, conversation: conversation({ id, preview }) })
const keysOf = (rows: Row[]) => rows.map((one) => one.key)

describe('a list under the pointer', () => {
  it('keeps its order and counts what waits', () => {
    const { rows, waiting } = steady([row('a'), row('b')], [row('new'), row('b'), row('a')])
    expect(keysOf(rows)).toEqual(['a', 'b'])
    expect(waiting).toBe(1)
  })

  it('shows newest contents', () => {
    const { rows } = steady([row('a', 'old')], [row('a', 'new')])
    expect(rows[0]).toMatchObject({ conversation: { preview: 'new' } })
  })

  it('drops what is gone and adds a further page below', () => {
    const { rows, waiting } = steady([row('a'), row('b')], [row('b'), row('c'), row('d')])
    expect(keysOf(rows)).toEqual(['b', 'c', 'd'])
    expect(waiting).toBe(0)
  })
})

describe('parts of the page for rows', () => {
  it('stay with the rows that stay, and go from those that went to those that come', () => {
    const first = numbered(new Map(), ['a', 'b', 'c'])
    const second = numbered(first, ['b', 'c', 'd'])
    expect([...first.values()]).toEqual([0, 1, 2])
    expect(Object.fromEntries(second)).toEqual({ b: 1, c: 2, d: 0 })
  })

  it('are made when there are more rows, and each shows one row only', () => {
    const more = numbered(numbered(new Map(), ['a', 'b', 'c']), ['x', 'c', 'y', 'a', 'z'])
    expect(more.get('c')).toBe(2)
    expect([...more.values()].toSorted()).toEqual([0, 1, 2, 3, 4])
  })
})
