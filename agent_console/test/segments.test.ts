import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

import { objections } from '../src/composer/check'
import { isNumber } from '../src/newmessage/recipients'
import { foreign, inPlain, segment } from '../src/sms/segments'
import { FULL, replyOption } from './fixtures'

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

describe('an SMS that is too long', () => {
  const option = replyOption({ channel: 'sms', capabilities: { ...FULL, length_unit: 'gsm7', max_segments: 2 } })
  const draft = { subject: '', cc: [], bcc: [], files: [] }

  it('is refused by its parts, not by its letters', () => {
    expect(objections(option, { ...draft, text: 'x'.repeat(306) })).toEqual([])
    expect(objections(option, { ...draft, text: 'x'.repeat(307) })).toMatchObject([{ code: 'too_many_parts', weight: 'refused', params: { parts: 3, limit: 2 } }])
    expect(objections(option, { ...draft, text: '字'.repeat(135) })).toMatchObject([{ params: { parts: 3 } }])
  })
  it('is counted without the blanks that are not sent', () => expect(objections(option, { ...draft, text: 'x'.repeat(306) + '  \n' })).toEqual([]))
})

describe('what is typed for a recipient', () => {
  it.each(['138 0013 8000', '+86-138-0013-8000', '(415) 555-0100', '10690000'])('is a number: %s', (text) => expect(isNumber(text)).toBe(true))
  it.each(['Wang', 'a1', '12', 'wang3000'])('is a name: %s', (text) => expect(isNumber(text)).toBe(false))
})
