import { describe, expect, it } from 'vitest'

import type { Outgoing } from '../src/composer/outbox'
import { duration, short, size } from '../src/lib/format'
import { hueOf, initialsOf } from '../src/lib/names'
import { snoozeTimes } from '../src/thread/snooze'
import { folded, linked, marked } from '../src/thread/text'
import { barsOf, clockOf, mediumOf } from '../src/thread/media'
import { idsOf, mentioned } from '../src/thread/mentions'
import { isShown, timeline, type Kind } from '../src/thread/timeline'
import { ME, message } from './fixtures'

describe('links in a text', () => {
  it('are web and mail addresses, without the full stop behind them', () => {
    expect(linked('见 https://example.cn/a?b=1。谢谢 (help@example.cn).').filter((part) => part.href)).toEqual([
      { text: 'https://example.cn/a?b=1', href: 'https://example.cn/a?b=1' },
      { text: 'help@example.cn', href: 'mailto:help@example.cn' },
    ])
  })
  it('are never scripts', () => expect(linked('javascript:alert(1) data:text/html,x').every((part) => !part.href)).toBe(true))
  it('lose no letter of the text', () => {
    const text = 'a https://b.cn, c@d.cn e'
    expect(linked(text).map((part) => part.text).join('')).toBe(text)
  })
})

describe('a mail', () => {
  it('folds what it quoted', () => expect(folded('好的\n\n> 原文', '好的')).toEqual({ shown: '好的', quoted: '> 原文' }))
  it('is shown whole when nothing was quoted', () => expect(folded('好的', '好的')).toEqual({ shown: '好的', quoted: '' }))
  it('is shown whole when all of it is a quotation', () => expect(folded('> 原文', '')).toEqual({ shown: '> 原文', quoted: '' }))
})

it('hits of a search are marked in both languages', () => {
  expect(marked('退款失败 Refund failed', '退款 refund').filter((part) => part.hit).map((part) => part.text)).toEqual(['退款', 'Refund'])
})

describe('the timeline', () => {
  const outgoing = (clientKey: string): Outgoing => ({ clientKey, conversationId: 'c1', by: ME, body: { client_key: clientKey, kind: 'reply', text: 'x' }, text: 'x', files: [], state: 'sending', problem: null, at: '' })
  const page = (...items: ReturnType<typeof message>[]) => ({ items, has_more: false, read_n: 0 })

  it('runs from old to new over pages that came newest first', () => {
    const entries = timeline([page(message({ id: 'c', n: 3 })), page(message({ id: 'a', n: 1 }), message({ id: 'b', n: 2 }))], [])
    expect(entries.filter((entry) => entry.kind === 'message').map((entry) => entry.key)).toEqual(['a', 'b', 'c'])
  })
  it('begins each day with its date', () => {
    const entries = timeline([page(message({ id: 'a', n: 1, created_at: '2026-11-20T10:00:00Z' }), message({ id: 'b', n: 2, created_at: '2026-11-21T10:00:00Z' }))], [])
    expect(entries.map((entry) => entry.kind)).toEqual(['day', 'message', 'day', 'message'])
  })
  it('shows what is on its way until it is stored, never twice', () => {
    expect(timeline([page()], [outgoing('k')]).map((entry) => entry.kind)).toEqual(['outgoing'])
    expect(timeline([page(message({ id: 'a', n: 1, client_key: 'k' }))], [outgoing('k')]).map((entry) => entry.kind)).toEqual(['day', 'message'])
  })
  it('names the author once for what was said in one breath', () => {
    const entries = timeline([page(message({ id: 'a', n: 1 }), message({ id: 'b', n: 2, created_at: '2026-11-21T10:01:00Z' }), message({ id: 'c', n: 3, direction: 'out' }))], [])
    expect(entries.flatMap((entry) => (entry.kind === 'message' ? [entry.follows] : []))).toEqual([false, true, false])
  })
})

describe('figures', () => {
  it('durations name one unit', () => {
    expect(duration('en', 59_000)).toBe('0 min')
    expect(duration('zh-CN', 12 * 60_000)).toBe('12分钟')
    expect(duration('en', 26 * 3600_000)).toBe('1 day')
  })
  it('sizes are readable', () => {
    expect(size('en', 900)).toBe('900 byte')
    expect(size('en', 1_440_000)).toBe('1.4 MB')
  })
  it('times of today are times', () => {
    const now = new Date(2026, 10, 21, 15, 30).getTime()
    expect(short('en', new Date(2026, 10, 21, 9, 5).toISOString(), now)).toBe('09:05')
    expect(short('zh-CN', new Date(2026, 9, 2, 9, 5).toISOString(), now)).toBe('10月2日')
  })
  it('snoozing offers each time once, on every day of the week', () => {
    for (let day = 16; day < 23; day++) {
      const now = new Date(2026, 10, day, 12)
      const times = snoozeTimes(now)
      expect(new Set(times.map(({ at }) => at.getTime())).size).toBe(times.length)
      expect(times.every(({ at }) => at > now)).toBe(true)
      const monday = times.find((one) => one.id === 'monday')
      expect(monday?.at.getDay() ?? 1).toBe(1)
      expect(monday === undefined).toBe(now.getDay() < 2)
    }
  })
  it('initials fit both scripts', () => {
    expect(initialsOf('王小明')).toBe('王')
    expect(initialsOf('Emily Carter')).toBe('EC')
    expect(initialsOf('')).toBe('?')
    expect(hueOf('王小明')).toBe(hueOf('王小明'))
  })
})

describe('the unread line', () => {
  const page = (...items: ReturnType<typeof message>[]) => ({ items, has_more: false, read_n: 0 })
  const pages = [page(message({ id: 'a', n: 1 }), message({ id: 'b', n: 2, direction: 'note' }), message({ id: 'c', n: 3 }))]
  const kinds = (readTo: number) => timeline(pages, [], { readTo }).map((entry) => entry.kind)

  it('stands before the first message that came in after the mark', () => expect(kinds(1)).toEqual(['day', 'message', 'message', 'unread', 'message']))
  it('says nothing where nothing stands above it', () => expect(timeline(pages, [], { readTo: 0 })[1]).toMatchObject({ kind: 'unread', first: true }))
  it('is not there when all is read', () => expect(kinds(3)).not.toContain('unread'))
})

describe('what is shown of a timeline', () => {
  const all = [message({ id: 'a', n: 1, channel: 'email' }), message({ id: 'b', n: 2, direction: 'note' }), message({ id: 'c', n: 3, direction: 'event' }), message({ id: 'd', n: 4, direction: 'out', channel: 'webchat' })]
  const ids = (kind: Kind, channel: 'email' | null = null) => all.filter((one) => isShown(one, { kind, channel })).map((one) => one.id)

  it('is everything, or one kind of it', () => {
    expect(ids('all')).toEqual(['a', 'b', 'c', 'd'])
    expect(ids('messages')).toEqual(['a', 'd'])
    expect(ids('notes')).toEqual(['b'])
    expect(ids('events')).toEqual(['c'])
  })
  it('is one channel with the notes beside it', () => expect(ids('all', 'email')).toEqual(['a', 'b', 'c']))
})

describe('colleagues named in a note', () => {
  const names = ['李娜', '李娜娜', 'Tom Baker']
  const marked = (text: string) => mentioned(text, names, 'Tom Baker').filter((part) => part.mention).map((part) => [part.text, part.mention])

  it('are marked, the longest name that fits, oneself apart', () => expect(marked('@李娜娜 和 @李娜，请问 @Tom Baker')).toEqual([['@李娜娜', 'colleague'], ['@李娜', 'colleague'], ['@Tom Baker', 'me']]))
  it('are not found in the middle of another word', () => expect(marked('@Tom Bakerson a@李娜x')).toEqual([]))
  it('lose no letter and no link', () => {
    const text = 'see https://example.cn/@李娜 and @李娜!'
    expect(mentioned(text, names, '').map((part) => part.text).join('')).toBe(text)
    expect(marked(text)).toEqual([['@李娜', 'colleague']])
  })
  it('are told by their ids', () => expect(idsOf('ask @李娜', [{ id: '1', display_name: '李娜' }, { id: '2', display_name: '张伟' }])).toEqual(['1']))
})

describe('a recording', () => {
  it('is drawn in so many bars, the loudest of each part', () => expect(barsOf([0, 255, 51, 102], 2)).toEqual([1, 0.4]))
  it('is drawn with what there is of it', () => expect(barsOf([255], 64)).toEqual([1]))
  it('tells its time', () => expect([clockOf(7.4), clockOf(725), clockOf(3723)]).toEqual(['0:07', '12:05', '1:02:03']))
})

it.each([['image/png', 'picture'], ['image/svg+xml', 'file'], ['application/pdf', 'pages'], ['image/tiff', 'pages'], ['audio/ogg', 'audio'], ['video/mp4', 'video'], ['video/x-msvideo', 'file']])('%s is shown as %s', (content_type, medium) => expect(mediumOf({ content_type })).toBe(medium))
