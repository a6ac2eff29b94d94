import { describe, expect, it } from 'vitest'

import { blankAction, moved } from '../src/settings/replies/actions'
import { example, inserted } from '../src/settings/replies/variables'

describe('a text with variables', () => {
  it('is shown as somebody would get it, with what nobody knows left standing', () => {
    const t = (key: string): string => ({ 'variable.example.customer': '王芳', 'variable.example.queue': 'Support' })[key] ?? ''
    expect(example('Dear {{queue.name}}, {{planet}}', t)).toBe('Dear Support, {{planet}}')
    expect(example('{{ customer.name }}您好', t)).toBe('王芳您好')
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
