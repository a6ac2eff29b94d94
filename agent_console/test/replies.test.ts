import { describe, expect, it } from 'vitest'

import { blankAction, moved } from '../src/settings/replies/actions'
import { example, inserted } from '../src/settings/replies/variables'

describe('a text with variables', () => {
  it('is shown as somebody would get it, with what nobody knows left standing', () => {
    expect(example('Dear {{customer.name}}, {{planet}}', 'en')).toBe('Dear Emma Clarke, {{planet}}')
    expect(example('{{ customer.name }}您好', 'zh-CN')).toBe('王芳您好')
  })

  it('gets a variable where the cursor is', () => expect(inserted('Dear , hello', 5, 'customer.name')).toBe('Dear {{customer.name}}, hello'))
})

describe('the actions of a macro', () => {
  it('change places, and stay at the ends', () => {
    expect(moved(['a', 'b', 'c'], 1, -1)).toEqual(['b', 'a', 'c'])
    expect(moved(['a', 'b', 'c'], 2, 1)).toEqual(['a', 'b', 'c'])
  })

  it('begin with the value most people want', () => {
    expect(blankAction('assign', {})).toEqual({ kind: 'assign', agent_id: null, me: true })
    expect(blankAction('queue', { queue: 'q' })).toEqual({ kind: 'queue', queue_id: 'q' })
    expect(blankAction('close', {})).toEqual({ kind: 'close' })
  })
})
