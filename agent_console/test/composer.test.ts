import { VueQueryPlugin } from '@tanstack/vue-query'
import { flushPromises, mount } from '@vue/test-utils'
import { createPinia } from 'pinia'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { defineComponent, h } from 'vue'
import { createI18n } from 'vue-i18n'
import { createMemoryHistory, createRouter } from 'vue-router'

import { ApiError } from '../src/api/http'
import { hub } from '../src/api/hub'
import type { Me, ReplyOption, Upload } from '../src/api/types'
import { threads, type DraftView } from '../src/api/thread'
import { splitAddresses } from '../src/composer/addresses'
import { filled, matching, unfilled, type Canned } from '../src/composer/canned'
import { objections, type Draft } from '../src/composer/check'
import { useOutbox } from '../src/composer/outbox'
import { emojiFor } from '../src/composer/emoji'
import { keyOf, pick, useComposer } from '../src/composer/useComposer'
import { callIn, promisesFile } from '../src/composer/words'
import { keys } from '../src/live/keys'
import { useSession } from '../src/session/store'
import { conversation, FULL, message, messagesOf, newClient, replyOption } from './fixtures'

const DRAFT: Draft = { text: 'hello', subject: '', cc: [], bcc: [], files: [] }

afterEach(() => void vi.restoreAllMocks())

async function compose(options: ReplyOption[] | Promise<ReplyOption[]> = [replyOption()]) {
  vi.spyOn(hub, 'replyOptions').mockImplementation(async () => options)
  vi.spyOn(threads, 'drafts').mockResolvedValue([])
  vi.spyOn(threads, 'putDraft').mockRejectedValue(new ApiError({ status: 0, code: 'offline' }))
  const client = newClient()
  client.setQueryData(keys.messages('c1'), messagesOf([message({ id: 'm1', n: 1 })]))
  let composer!: ReturnType<typeof useComposer>
  let outbox!: ReturnType<typeof useOutbox>
  const Host = defineComponent({
    setup() {
      composer = useComposer(conversation({ id: 'c1', version: 7 }))
      outbox = useOutbox()
      return () => h('div')
    },
  })
  const page = mount(Host, { global: { plugins: [createPinia(), createI18n({ legacy: false, locale: 'en', messages: { en: {} } }), createRouter({ history: createMemoryHistory(), routes: [{ path: '/', component: { render: () => null } }] }), [VueQueryPlugin, { queryClient: client }]] } })
  await flushPromises()
  return { composer, outbox, client, page }
}

describe('what a channel will refuse or lose', () => {
  const chat = replyOption({ channel: 'webchat', capabilities: { ...FULL, features: { text: 'full', files: 'rejected', subject: 'dropped' }, max_length: 10 } })

  it('is nothing for a draft it can carry', () => expect(objections(replyOption(), { ...DRAFT, subject: 'x', cc: ['a@b.cn'] })).toEqual([]))
  it('is refused where the channel rejects it', () => expect(objections(chat, { ...DRAFT, files: [{ size: 1, content_type: 'image/png' }] })).toMatchObject([{ code: 'feature', weight: 'refused', params: { feature: 'files' } }]))
  it('is lost where the channel drops it', () => expect(objections(chat, { ...DRAFT, subject: 'x' })).toMatchObject([{ weight: 'lost', params: { feature: 'subject' } }]))
  it('counts letters as people do', () => {
    expect(objections(chat, { ...DRAFT, text: '👍'.repeat(10) })).toEqual([])
    expect(objections(chat, { ...DRAFT, text: '字'.repeat(11) })).toMatchObject([{ code: 'too_long', params: { length: 11, limit: 10 } }])
  })
  it('names every reason why the customer cannot be reached', () => {
    expect(objections(replyOption({ allowed: false, refusals: ['opted_out', 'suppressed'] }), DRAFT).map((one) => one.params.code)).toEqual(['opted_out', 'suppressed'])
  })
  it('weighs all files together', () => {
    const files = [{ size: 6, content_type: 'a/b' }, { size: 6, content_type: 'a/b' }]
    expect(objections(replyOption({ capabilities: { ...FULL, max_total_bytes: 10 } }), { ...DRAFT, files })).toMatchObject([{ code: 'files_too_large' }])
  })
})

describe('the composer', () => {
  it('fills subject and recipient from the chosen way and sends with the version it saw', async () => {
    const { composer } = await compose()
    const send = vi.spyOn(hub, 'send').mockResolvedValue(message({ id: 'm2', n: 2 }))
    composer.text.value = '  您好  '
    expect(composer.send()).toBe('sent')
    await flushPromises()
    expect(send).toHaveBeenCalledWith('c1', expect.objectContaining({ kind: 'reply', account_id: 'a1', text: '您好', subject: 'Re: hello', seen_n: 1, undo_seconds: 5, to: [{ kind: 'email', address: 'wang@example.cn', name: '王小明' }] }))
    expect(composer.text.value).toBe('')
  })

  it('keeps a note and a reply apart, also over a reload', async () => {
    const { composer } = await compose()
    composer.text.value = 'for the customer'
    composer.mode.value = 'note'
    composer.text.value = 'for colleagues'
    await flushPromises()
    const again = await compose()
    expect([again.composer.drafts.reply.written.text, again.composer.drafts.note.written.text]).toEqual(['for the customer', 'for colleagues'])
  })

  it('never puts a channel or a recipient into a note', async () => {
    const { composer } = await compose()
    const send = vi.spyOn(hub, 'send').mockResolvedValue(message({ id: 'm2', n: 2, direction: 'note' }))
    composer.mode.value = 'note'
    composer.text.value = 'secret'
    composer.send()
    await flushPromises()
    const body = send.mock.calls[0]![1]
    expect(body.kind).toBe('note')
    expect(Object.keys(body).sort()).toEqual(['client_key', 'kind', 'text'])
  })

  it('does not send what would be refused', async () => {
    const { composer } = await compose([replyOption({ allowed: false, refusals: ['opted_out'] })])
    composer.text.value = 'hello'
    expect(composer.ready.value).toBe(false)
    expect(composer.send()).toBe('not_ready')
  })

  it('prefers the chosen way, then the default, then one that is allowed', () => {
    const refused = replyOption({ account_id: 'x', allowed: false, default: false })
    const other = replyOption({ account_id: 'y', default: false })
    const standard = replyOption({ account_id: 'z' })
    expect(pick([refused, other, standard], keyOf(other))).toBe(other)
    expect(pick([refused, other, standard], undefined)).toBe(standard)
    expect(pick([refused, other], 'gone')).toBe(other)
  })
})

describe('the outbox', () => {
  const offline = () => new ApiError({ status: 0, code: 'offline' })

  it('tries again by itself under the same key when no answer came', async () => {
    vi.useFakeTimers()
    const { composer, outbox } = await compose()
    const send = vi.spyOn(hub, 'send').mockRejectedValueOnce(offline()).mockResolvedValueOnce(message({ id: 'm2', n: 2 }))
    composer.text.value = 'hello'
    composer.send()
    await vi.advanceTimersByTimeAsync(100)
    expect(outbox.entries[0]).toMatchObject({ state: 'sending' })
    await vi.advanceTimersByTimeAsync(500)
    expect(outbox.entries).toEqual([])
    expect(send.mock.calls[0]![1].client_key).toBe(send.mock.calls[1]![1].client_key)
    vi.useRealTimers()
  })

  it('keeps what failed for good until somebody tries again', async () => {
    vi.useFakeTimers()
    const { composer, outbox } = await compose()
    const send = vi.spyOn(hub, 'send').mockRejectedValue(offline())
    composer.text.value = 'hello'
    composer.send()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(outbox.entries[0]).toMatchObject({ state: 'failed', problem: { code: 'offline' } })
    send.mockResolvedValueOnce(message({ id: 'm2', n: 2 }))
    outbox.retry(outbox.entries[0]!.clientKey)
    await vi.advanceTimersByTimeAsync(0)
    expect(outbox.entries).toEqual([])
    vi.useRealTimers()
  })

  it('asks before it sends over the answer of a colleague', async () => {
    const { composer, outbox } = await compose()
    const send = vi.spyOn(hub, 'send').mockRejectedValueOnce(new ApiError({ status: 409, code: 'newer_reply' })).mockResolvedValueOnce(message({ id: 'm3', n: 3 }))
    vi.spyOn(hub, 'messages').mockResolvedValue({ items: [message({ id: 'm2', n: 2, direction: 'out', author_id: 'colleague' })], has_more: false, read_n: 0 })
    composer.text.value = 'hello'
    composer.send()
    await flushPromises()
    expect(outbox.entries[0]).toMatchObject({ state: 'overtaken', answer: { id: 'm2' } })
    outbox.retry(outbox.entries[0]!.clientKey, true)
    await flushPromises()
    expect(send.mock.calls[1]![1]).toMatchObject({ force: true })
    expect(outbox.entries).toEqual([])
  })
})

describe('what calls up suggestions', () => {
  it('is a slash at the beginning of a word only', () => {
    expect(callIn('/he', 'reply')).toEqual({ kind: 'canned', word: 'he', letters: 3 })
    expect(callIn('好的 /问', 'reply')).toEqual({ kind: 'canned', word: '问', letters: 2 })
    expect(callIn('1/2', 'reply')).toBeNull()
  })
  it('is an at sign in notes only, and in no address', () => {
    expect(callIn('请看 @李', 'note')).toEqual({ kind: 'colleague', word: '李', letters: 2 })
    expect(callIn('请看 @李', 'reply')).toBeNull()
    expect(callIn('wang@ex', 'note')).toBeNull()
  })
  it('is a colon and a name, not one in a time or an address', () => {
    expect(callIn('thanks :smi', 'reply')).toEqual({ kind: 'emoji', word: 'smi', letters: 4 })
    expect(callIn('谢谢:笑', 'reply')).toEqual({ kind: 'emoji', word: '笑', letters: 2 })
    expect(callIn('at 12:30', 'reply')).toBeNull()
    expect(callIn('https://ab', 'reply')).toBeNull()
  })
  it('finds signs by their names in both languages', () => {
    expect(emojiFor('thumbs').map((one) => one.sign)).toEqual(['👍', '👎'])
    expect(emojiFor('谢谢')[0]?.sign).toBe('🙏')
  })
})

describe('a promised file', () => {
  it.each(['see the attached invoice', 'Attachments below', '附件是合同', '请见附图'])('is noticed: %s', (text) => expect(promisesFile(text)).toBe(true))
  it.each(['no worries', '附近有一家店', '> see the attached invoice\nThanks!'])('is not imagined: %s', (text) => expect(promisesFile(text)).toBe(false))

  it('is asked for once before sending', async () => {
    const { composer } = await compose()
    const send = vi.spyOn(hub, 'send').mockResolvedValue(message({ id: 'm2', n: 2 }))
    composer.text.value = 'I attached the offer'
    expect(composer.send()).toBe('asked')
    expect(composer.asking.value).toEqual({})
    expect(send).not.toHaveBeenCalled()
    expect(composer.send({ ...composer.asking.value, sure: true })).toBe('sent')
  })
})

describe('files of an answer', () => {
  const upload = (id: string): Upload => ({ id, filename: id, size: 1, content_type: 'image/png', sha256: id })
  const file = (name: string): File => new File(['x'], name, { type: 'image/png' })
  const html = (id: string): string => `<p>see <img src="cid:${id}" /></p>`

  it('that are still on their way when somebody goes on to another conversation come into the draft', async () => {
    let arrive!: (upload: Upload) => void
    vi.spyOn(hub, 'upload').mockImplementation(() => new Promise((done) => (arrive = done)))
    const { composer, page } = await compose()
    const put = vi.spyOn(threads, 'putDraft').mockResolvedValue({ revision: 1 } as DraftView)
    composer.uploads.value.add([file('offer.png')])
    page.unmount()
    arrive(upload('u1'))
    await flushPromises()
    expect(put.mock.lastCall?.[2].files.map((one) => one.id)).toEqual(['u1'])
  })

  it('are not sent where the picture was taken out of the text again, and are where it came back', async () => {
    vi.spyOn(hub, 'upload').mockResolvedValue(upload('u1'))
    const send = vi.spyOn(hub, 'send').mockResolvedValue(message({ id: 'm2', n: 2 }))
    const { composer } = await compose()
    await composer.uploads.value.addInline(file('wrong.png'))
    const write = (text: string): Promise<unknown> => {
      Object.assign(composer.draft.value, { text: 'see', html: text })
      return flushPromises()
    }
    await write(html('u1'))
    expect(composer.draft.value.files).toHaveLength(1)
    expect(composer.below.value).toEqual([])
    await write('<p>see</p>')
    expect(composer.draft.value.files).toEqual([])
    await write(html('u1'))
    expect(composer.draft.value.files).toHaveLength(1)
    await write('<p>see</p>')
    composer.send()
    expect(send.mock.lastCall?.[1].attachment_ids).toBeUndefined()
  })

  it('are shown where a picture for the text did not arrive, so that it can be taken away', async () => {
    vi.spyOn(hub, 'upload').mockRejectedValue(new ApiError({ status: 0, code: 'offline' }))
    const { composer } = await compose()
    expect(await composer.uploads.value.addInline(file('shot.png'))).toBeNull()
    composer.text.value = 'see'
    expect(composer.ready.value).toBe(false)
    composer.uploads.value.remove(composer.below.value[0]!.key)
    expect(composer.ready.value).toBe(true)
  })

  it('stand in the text that comes back with a draft, and below one that does not show them', async () => {
    const { composer } = await compose()
    const view = { mode: 'reply', revision: 1, text: 'see', html: html('u1'), subject: null, account_id: null, to: [], cc: [], bcc: [], attachments: [upload('u1'), upload('u2')], forward_of: null } as DraftView
    composer.restore(view)
    await flushPromises()
    expect(composer.below.value.map((one) => one.key)).toEqual(['u2'])
  })
})

describe('what one left unsent', () => {
  it('is neither shown to the next at this machine nor sent by them', async () => {
    vi.useFakeTimers()
    const { composer, outbox } = await compose()
    const session = useSession()
    session.me = { id: 'ann' } as Me
    const send = vi.spyOn(hub, 'send').mockRejectedValue(new ApiError({ status: 0, code: 'offline' }))
    composer.text.value = 'of Ann'
    composer.send()
    await vi.advanceTimersByTimeAsync(100)
    session.me = { id: 'bob' } as Me
    await vi.advanceTimersByTimeAsync(60_000)
    expect(send).toHaveBeenCalledOnce()
    expect(outbox.of('c1').value).toEqual([])
    session.me = { id: 'ann' } as Me
    expect(outbox.of('c1').value).toMatchObject([{ text: 'of Ann', state: 'failed' }])
    vi.useRealTimers()
  })
})

describe('sending too early', () => {
  it('waits for the ways to answer and then sends', async () => {
    let answer!: (options: ReplyOption[]) => void
    const { composer } = await compose(new Promise<ReplyOption[]>((done) => (answer = done)))
    const send = vi.spyOn(hub, 'send').mockResolvedValue(message({ id: 'm2', n: 2 }))
    composer.text.value = 'quick'
    expect(composer.send()).toBe('waiting')
    answer([replyOption()])
    await flushPromises()
    expect(send).toHaveBeenCalledOnce()
    expect(composer.text.value).toBe('')
  })

  it('is forgotten where the way refuses the draft', async () => {
    let answer!: (options: ReplyOption[]) => void
    const { composer } = await compose(new Promise<ReplyOption[]>((done) => (answer = done)))
    const send = vi.spyOn(hub, 'send')
    composer.text.value = 'quick'
    composer.send()
    answer([replyOption({ allowed: false, refusals: ['opted_out'] })])
    await flushPromises()
    expect(composer.waiting.value).toBeUndefined()
    expect(send).not.toHaveBeenCalled()
  })
})

describe('canned replies', () => {
  const REPLY = { id: '1', shortcut: 'hello', title: '开场问候', text: '您好，{{customer.name}}，我是{{ agent.name }}', locale: 'zh-CN' } as Canned

  it('are found by shortcut and by title, the own language first', () => {
    const english = { ...REPLY, id: '2', locale: 'en' }
    expect(matching([REPLY], 'HE', 'en')).toHaveLength(1)
    expect(matching([REPLY], '问候', 'en')).toHaveLength(1)
    expect(matching([REPLY, english], 'hello', 'en').map((one) => one.id)).toEqual(['2', '1'])
  })
  it('get their variables filled in; one without a value is left to be seen', () => {
    expect(filled(REPLY.text, { 'customer.name': '王', 'agent.name': '张' })).toBe('您好，王，我是张')
    expect(filled(REPLY.text, { 'agent.name': '张' })).toContain('{{customer.name}}')
    expect(unfilled(REPLY.text, { 'agent.name': '张' })).toEqual(['customer.name'])
  })
})

it('addresses are read out of what people paste', () => {
  expect(splitAddresses('王小明 <wang@example.cn>; b@example.com，c@example.com d@example.com')).toEqual(['wang@example.cn', 'b@example.com', 'c@example.com', 'd@example.com'])
})
