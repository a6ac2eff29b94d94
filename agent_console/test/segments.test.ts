import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

import { foreign, inPlain, segment } from '../src/sms/segments'

/** Beyond 255 parts there is only their number; of very many parts the units of each are not written out. */
interface Case {
  name: string
  text: [piece: string, times: number][]
  parts: number
  encoding?: string
  units?: number
  per_part?: number
  left?: number
  part_units?: number[]
}
const CASES = JSON.parse(readFileSync(join(import.meta.dirname, '../../tests/data/sms/segments.json'), 'utf8')) as Case[]

describe('the count of an SMS', () => {
  it.each(CASES)('is that of the hub: $name', ({ name: _, text, parts, ...expected }) => {
    const counted = segment(text.map(([piece, times]) => piece.repeat(times)).join(''))
    expect(counted.parts).toHaveLength(parts)
    const { encoding, units, perPart: per_part, left, parts: part_units } = counted
    expect({ encoding, units, per_part, left, part_units, too_long: parts > 255 }).toMatchObject(expected)
  })
  it('names what makes it Unicode, each once', () => expect(foreign('a“b”c“ [€]')).toEqual(['“', '”']))
  it('offers plain punctuation where that shortens it', () => expect(inPlain('“It’s” – 5 €…')).toBe('"It\'s" - 5 €...'))
  it('offers none where a word stays that is Unicode', () => expect(inPlain('“你好”')).toBeNull())
  it('offers none where nothing is strange', () => expect(inPlain('plain')).toBeNull())
})
