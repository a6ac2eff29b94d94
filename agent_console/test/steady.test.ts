import { describe, expect, it } from 'vitest'

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
