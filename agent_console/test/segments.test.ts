import { describe, expect, it } from 'vitest'

import { foreign, inPlain } from '../src/sms/segments'

describe('the count of an SMS', () => {
  it('names what makes it Unicode, each once', () => expect(foreign('a“b”c“ [€]')).toEqual(['“', '”']))
  it('offers plain punctuation where that shortens it', () => expect(inPlain('“It’s” – 5 €…')).toBe('"It\'s" - 5 €...'))
  it('offers none where a word stays that is Unicode', () => expect(inPlain('“你好”')).toBeNull())
  it('offers none where nothing is strange', () => expect(inPlain('plain')).toBeNull())
})
