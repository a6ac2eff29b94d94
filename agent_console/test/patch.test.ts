import { InfiniteQueryObserver } from '@tanstack/vue-query'
import { describe, expect, it, vi } from 'vitest'

import type { ConversationView, CustomerView, MessageView, OfferView } from '../src/api/types'
import { keys, type ConversationFilter } from '../src/live/keys'
import { addMessage, addSent, patch, patchConversation } from '../src/live/patch'
import { useReplay } from '../src/live/replay'
import { conversation, message, messagesOf, ME, newClient, pagesOf } from './fixtures'

const US: ConversationFilter = { view: 'mine', waiting_for: 'us', sort: 'waiting' }
const THEM: ConversationFilter = { view: 'mine', waiting_for: 'customer', sort: 'newest' }
const UNASSIGNED: ConversationFilter = { view: 'unassigned', sort: 'newest' }

function setUp(filters: [ConversationFilter, ConversationView[], (string | null)?][]) {
  const client = newClient()
  for (const [filter, items, next] of filters) client.setQueryData(keys.conversations(filter), pagesOf(items, next ?? null))
  const shown = (filter: ConversationFilter) => (client.getQueryData(keys.conversations(filter)) as ReturnType<typeof pagesOf>).pages.flatMap((page) => page.items.map((one) => one.id))
  return { client, shown }
}
const waiting = (id: string, hour: number, part: Partial<ConversationView> = {}) => conversation({ id, waiting_since: `2026-11-21T${String(hour).padStart(2, '0')}:00:00Z`, ...part })

describe('what this user has read on another page', () => {
  it('is read here, too, unless something came since', () => {
    const { client } = setUp([[US, [waiting('a', 8, { unread: true, mentioned: true, last_in_n: 4 })]]])
    const row = () => (client.getQueryData(keys.conversations(US)) as ReturnType<typeof pagesOf>).pages[0]!.items[0]!
    patch(client, { type: 'conversation.read', data: { conversation_id: 'a', n: 3 } }, ME)
    expect(row()).toMatchObject({ unread: true, mentioned: false })
    patch(client, { type: 'conversation.read', data: { conversation_id: 'a', n: 4 } }, ME)
    expect(row().unread).toBe(false)
  })
})

describe('what this user writes', () => {
  it('is still there while one of an answer and a note is', () => {
    const { client } = setUp([[US, [waiting('a', 8, { draft: true })]]])
    const row = () => (client.getQueryData(keys.conversations(US)) as ReturnType<typeof pagesOf>).pages[0]!.items[0]!
    const gone = { conversation_id: 'a', mode: 'reply', revision: 2, draft: null } as const
    patch(client, { type: 'draft.changed', data: { ...gone, other: true } }, ME)
    expect(row().draft).toBe(true)
    patch(client, { type: 'draft.changed', data: { ...gone, mode: 'note', other: false } }, ME)
    expect(row().draft).toBe(false)
  })
})

describe('conversations in lists', () => {
  it('go where the longest waiting stand first', () => {
    const { client, shown } = setUp([[US, [waiting('a', 8), waiting('c', 12)]]])
    patchConversation(client, waiting('b', 10), ME)
    expect(shown(US)).toEqual(['a', 'b', 'c'])
  })

  it('that have waited equally long stay in the order of their numbers', () => {
    const { client, shown } = setUp([[US, [waiting('a', 8, { number: 1 }), waiting('b', 8, { number: 2 }), waiting('c', 8, { number: 3 })]]])
    patchConversation(client, waiting('a', 8, { number: 1, rev: 2 }), ME)
    expect(shown(US)).toEqual(['a', 'b', 'c'])
  })

  it('move to the other tier when the customer has been answered', () => {
    const { client, shown } = setUp([[US, [waiting('a', 8), waiting('b', 9)]], [THEM, [conversation({ id: 'z', waiting_for: 'customer' })]]])
    patchConversation(client, waiting('a', 8, { waiting_for: 'customer', last_message_at: '2026-11-21T13:00:00Z', rev: 2 }), ME)
    expect(shown(US)).toEqual(['b'])
    expect(shown(THEM)).toEqual(['a', 'z'])
  })

  it('leave the unassigned when somebody takes them', () => {
    const { client, shown } = setUp([[UNASSIGNED, [conversation({ id: 'a', assignee_id: null })]]])
    patch(client, { type: 'conversation.moved', data: { conversation: conversation({ id: 'a', assignee_id: 'other', rev: 2 }) } }, ME)
    expect(shown(UNASSIGNED)).toEqual([])
  })

  it('are not put at the end of a list that goes on', () => {
    const { client, shown } = setUp([[US, [waiting('a', 8)], 'more']])
    patchConversation(client, waiting('b', 10), ME)
    expect(shown(US)).toEqual(['a'])
  })

  it('vanish when they are no longer mine to see', () => {
    const { client, shown } = setUp([[US, [waiting('a', 8)]]])
    patch(client, { type: 'conversation.vanished', data: { conversation_id: 'a' } }, ME)
    expect(shown(US)).toEqual([])
  })

  it('never go back to an older version', () => {
    const { client } = setUp([[US, [waiting('a', 8, { rev: 5, subject: 'new' })]]])
    patchConversation(client, waiting('a', 8, { rev: 4, subject: 'old' }), ME)
    expect((client.getQueryData(keys.conversations(US)) as ReturnType<typeof pagesOf>).pages[0]?.items[0]?.subject).toBe('new')
  })

  it('keep my own unread mark, which events do not know', () => {
    const { client } = setUp([[US, [waiting('a', 8, { unread: true })]]])
    patchConversation(client, waiting('a', 8, { unread: false, rev: 2 }), ME)
    expect((client.getQueryData(keys.conversations(US)) as ReturnType<typeof pagesOf>).pages[0]?.items[0]?.unread).toBe(true)
  })

  it('become unread when the customer writes', () => {
    const { client } = setUp([[US, [waiting('c1', 8)]]])
    patch(client, { type: 'message.added', data: { conversation: waiting('c1', 8, { rev: 2 }), message: message({ id: 'm1', n: 1 }) } }, ME)
    expect((client.getQueryData(keys.conversations(US)) as ReturnType<typeof pagesOf>).pages[0]?.items[0]?.unread).toBe(true)
  })
})

describe('messages in a timeline', () => {
  const timelineOf = (items: MessageView[]) => {
    const client = newClient()
    client.setQueryData(keys.messages('c1'), messagesOf(items))
    return { client, items: () => (client.getQueryData(keys.messages('c1')) as ReturnType<typeof messagesOf>).pages[0]!.items }
  }

  it('stand in the order of their numbers, whatever order they came in', () => {
    const { client, items } = timelineOf([message({ id: 'a', n: 1 })])
    addMessage(client, message({ id: 'c', n: 3 }))
    addMessage(client, message({ id: 'b', n: 2 }))
    expect(items().map((one) => one.id)).toEqual(['a', 'b', 'c'])
  })

  it('appear once, though the answer of the send and the event both bring them', () => {
    const { client, items } = timelineOf([])
    addMessage(client, message({ id: 'a', n: 1, status: 'queued' }))
    addMessage(client, message({ id: 'a', n: 1, status: 'sending' }))
    expect(items().map((one) => one.status)).toEqual(['sending'])
  })

  it('stand last when they leave after having been held back, and are gone when they are taken back', () => {
    const { client, items } = timelineOf([message({ id: 'a', n: 1 }), message({ id: 'b', n: 2 })])
    addMessage(client, message({ id: 'a', n: 3, status: 'accepted' }))
    addMessage(client, message({ id: 'a', n: 1, status: 'queued' }))
    expect(items().map((one) => [one.id, one.n])).toEqual([['b', 2], ['a', 3]])
    patch(client, { type: 'message.removed', data: { conversation_id: 'c1', message_id: 'b', n: 2 } }, ME)
    expect(items().map((one) => one.id)).toEqual(['a'])
  })

  it('take a later report', () => {
    const { client, items } = timelineOf([message({ id: 'a', n: 1, status: 'accepted' })])
    patch(client, { type: 'message.changed', data: { conversation_id: 'c1', message_id: 'a', status: 'failed', failure: 'bad_recipient' } }, ME)
    expect(items()[0]).toMatchObject({ status: 'failed', failure: 'bad_recipient', n: 1 })
  })
})

describe('messages that came from another conversation, or went to one', () => {
  type MessagePage = ReturnType<typeof messagesOf>['pages'][0]
  const pageOf = (...items: MessageView[]): MessagePage => ({ items, has_more: false, read_n: 0 })
  const joined = (event: string) => ({ type: 'message.added' as const, data: { conversation: conversation({ id: 'c1', rev: 2 }), message: message({ id: 'e9', n: 9, direction: 'event', extra: { event } }) } })
  const idsIn = (client: ReturnType<typeof newClient>) => (client.getQueryData(keys.messages('c1')) as ReturnType<typeof messagesOf> | undefined)?.pages.flatMap((page) => page.items.map((one) => one.id))

  it.each(['merged', 'unmerged', 'split'])('are read again when somebody comes back to where they %s, whatever came after', (event) => {
    const client = newClient()
    client.setQueryData(keys.messages('c1'), messagesOf([message({ id: 'm1', n: 1 })]))
    patch(client, joined(event), ME)
    patch(client, { type: 'message.added', data: { conversation: conversation({ id: 'c1', rev: 3 }), message: message({ id: 'm10', n: 10 }) } }, ME)
    expect(idsIn(client)).toBeUndefined()
  })

  it.each([['in a timeline that stands there', true], ['in one that is being read for the first time', false]])('appear %s', async (_, stands) => {
    const client = newClient()
    const answers: ((page: MessagePage) => void)[] = []
    const queryFn = () => new Promise<MessagePage>((resolve) => answers.push(resolve))
    const observer = new InfiniteQueryObserver(client, { queryKey: keys.messages('c1'), queryFn, initialPageParam: null, getNextPageParam: () => null })
    const stop = observer.subscribe(() => {})
    await vi.waitFor(() => expect(answers).toHaveLength(1))
    if (stands) {
      answers[0]!(pageOf(message({ id: 'm1', n: 1 })))
      await vi.waitFor(() => expect(idsIn(client)).toEqual(['m1']))
    }
    patch(client, joined('merged'), ME)
    await vi.waitFor(() => expect(answers).toHaveLength(2))
    answers[0]!(pageOf(message({ id: 'm1', n: 1 })))
    answers[1]!(pageOf(message({ id: 'm1', n: 1 }), message({ id: 'm2', n: 2 }), message({ id: 'e9', n: 9 })))
    await vi.waitFor(() => expect(idsIn(client)).toEqual(['m1', 'm2', 'e9']))
    stop()
  })
})

it('an offer comes and goes', () => {
  const client = newClient()
  const offer: OfferView = { id: 'o1', conversation_id: 'c1', expires_at: '2026-11-21T10:00:30Z', conversation: conversation({ id: 'c1' }) }
  patch(client, { type: 'offer.made', data: { offer } }, ME)
  expect(client.getQueryData(keys.offers)).toEqual([offer])
  patch(client, { type: 'offer.ended', data: { id: 'o1', conversation_id: 'c1', outcome: 'expired' } }, ME)
  expect(client.getQueryData(keys.offers)).toEqual([])
})

describe('what comes out of order', () => {
  const sent = (status: MessageView['status']) => message({ id: 'm2', n: 2, direction: 'out', status })
  const accepted = { type: 'message.changed' as const, data: { conversation_id: 'c1', message_id: 'm2', n: 2, status: 'accepted' as const } }
  const statusIn = (client: ReturnType<typeof newClient>) => (client.getQueryData(keys.messages('c1')) as ReturnType<typeof messagesOf>).pages[0]?.items.at(-1)?.status

  it('the answer of a send that comes after its events changes nothing', () => {
    const client = newClient()
    client.setQueryData(keys.messages('c1'), messagesOf([message({ id: 'm1', n: 1 })]))
    patch(client, { type: 'message.added', data: { conversation: conversation({ id: 'c1' }), message: sent('queued') } }, ME)
    patch(client, accepted as never, ME)
    addSent(client, sent('queued'))
    expect(statusIn(client)).toBe('accepted')
  })

  it('events that came while something older was being fetched are not lost', async () => {
    const client = newClient()
    const { heard, stop } = useReplay(client, ME)
    let answer = (_: ReturnType<typeof messagesOf>['pages'][0]): void => {}
    const fetched = client.fetchInfiniteQuery({
      queryKey: keys.messages('c1'),
      initialPageParam: null,
      queryFn: () => new Promise<ReturnType<typeof messagesOf>['pages'][0]>((resolve) => (answer = resolve)),
    })
    await Promise.resolve()
    for (const event of [{ type: 'message.added', data: { conversation: conversation({ id: 'c1' }), message: sent('queued') } }, accepted] as const) {
      patch(client, event as never, ME)
      heard({ ...event, cursor: '', prev: '' } as never)
    }
    answer({ items: [message({ id: 'm1', n: 1 })], has_more: false, read_n: 0 })
    await fetched
    expect(statusIn(client)).toBe('accepted')
    stop()
  })
})

describe('who opted out', () => {
  it('is asked anew wherever it is shown, and nothing else is', () => {
    const client = newClient()
    const shown = [keys.replyOptions('a'), keys.optOuts('emma'), [...keys.reach, 'account', '+442079460101']]
    for (const key of [...shown, keys.customer('emma')]) client.setQueryData(key, [])
    patch(client, { type: 'opt_out.changed', data: { channel: 'sms', address: '+442079460101' } }, ME)
    expect(shown.map((key) => client.getQueryState(key)?.isInvalidated)).toEqual([true, true, true])
    expect(client.getQueryState(keys.customer('emma'))?.isInvalidated).toBe(false)
  })
})

describe('a customer', () => {
  const merged = (id: string): CustomerView['merged'][number] => ({ id, number: 'C2', name: id, into_id: 'kept', at: '2026-11-21T08:00:00Z', by_name: 'Mei' })
  const customer = (id: string, of: string[] = []) => ({ id, name: id, version: 1, merged: of.map(merged) }) as unknown as CustomerView
  const changed = (client: ReturnType<typeof newClient>, one: CustomerView) => patch(client, { type: 'customer.changed', data: { customer: one } }, ME)

  it('is what all who were merged with him are, until they are separate again', () => {
    const { client } = setUp([])
    for (const id of ['kept', 'gone']) client.setQueryData(keys.customer(id), customer(id))
    changed(client, customer('kept', ['gone']))
    expect(client.getQueryData(keys.customer('gone'))).toEqual(customer('kept', ['gone']))
    changed(client, customer('kept'))
    changed(client, customer('gone'))
    expect(['kept', 'gone'].map((id) => client.getQueryData<CustomerView>(keys.customer(id))!.id)).toEqual(['kept', 'gone'])
  })

  it('has his lists read again when others become part of him, and only then', () => {
    const his: ConversationFilter = { view: 'all', customer_id: 'kept', sort: 'newest' }
    const { client } = setUp([[his, []], [US, []]])
    client.setQueryData(keys.customer('kept'), customer('kept'))
    client.setQueryData(keys.ticket('t1'), { customer_id: 'kept' }) // an open page: whose it is may be another's name now
    const isStale = (filter: ConversationFilter) => client.getQueryState(keys.conversations(filter))!.isInvalidated
    changed(client, { ...customer('kept'), version: 2 })
    expect([isStale(his), isStale(US)]).toEqual([false, false])
    changed(client, customer('kept', ['gone']))
    expect([isStale(his), isStale(US)]).toEqual([true, false])
    expect(client.getQueryState(keys.ticket('t1'))!.isInvalidated).toBe(true)
  })
})
