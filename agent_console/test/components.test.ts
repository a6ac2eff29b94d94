import { VueQueryPlugin } from '@tanstack/vue-query'
import { flushPromises, mount } from '@vue/test-utils'
import { createPinia } from 'pinia'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { defineComponent, h, type Component } from 'vue'
import { createI18n } from 'vue-i18n'

import { hub } from '../src/api/hub'
import { ApiError } from '../src/api/http'
import type { MessageView, ReplyOption } from '../src/api/types'
import Composer from '../src/composer/Composer.vue'
import desk from '../src/locales/en'
import thread from '../src/locales/thread/en'
import OffersBanner from '../src/offers/OffersBanner.vue'
import MailHtml from '../src/thread/MailHtml.vue'
import MessageItem from '../src/thread/MessageItem.vue'
import { conversation, message, newClient, replyOption } from './fixtures'

const en = { ...desk, ...thread }

afterEach(() => void vi.restoreAllMocks())

async function show(component: Component, props: Record<string, unknown>, option: ReplyOption | Promise<ReplyOption> = replyOption()) {
  vi.spyOn(hub, 'replyOptions').mockImplementation(async () => [await option])
  vi.spyOn(hub, 'signature').mockResolvedValue({ plain: '-- \nOurs', rich: '--\n\nOurs\n\nour road\nour town\n\nour site' })
  vi.spyOn(hub, 'cannedReplies').mockResolvedValue([])
  vi.spyOn(hub, 'agents').mockResolvedValue([])
  vi.spyOn(hub, 'queues').mockResolvedValue([])
  const Host = defineComponent(() => () => h(component, props))
  const page = mount(Host, {
    attachTo: document.body,
    global: { plugins: [createPinia(), createI18n({ legacy: false, locale: 'en', messages: { en } }), [VueQueryPlugin, { queryClient: newClient() }]] },
  })
  await flushPromises()
  return page
}

describe('the composer', () => {
  const key = (part: KeyboardEventInit) => new KeyboardEvent('keydown', { key: 'Enter', ctrlKey: true, bubbles: true, cancelable: true, ...part })

  it('shows below a mail what its account will sign with, folded where it is long, and below nothing else', async () => {
    const page = await show(Composer, { conversation: conversation({ id: 'c1', channel: 'email' }), customerName: '王小明' })
    const signature = () => page.find('[role=note]')
    await vi.waitFor(() => expect(signature().text()).toContain('our town'))
    expect(signature().get('p').text()).toBe('--\nOurs\nour road\nour town\nour site')
    expect(signature().get('p').classes()).toContain('line-clamp-3')
    await signature().get('button').trigger('click')
    expect(signature().get('p').classes()).not.toContain('line-clamp-3')
    await page.findAll('button[aria-pressed]').find((one) => one.text() === 'Note')!.trigger('click')
    expect(signature().exists()).toBe(false)
    page.unmount()

    vi.mocked(hub.signature).mockClear()
    const chat = await show(Composer, { conversation: conversation({ id: 'c2' }), customerName: '王小明' }, replyOption({ channel: 'webchat' }))
    await flushPromises()
    expect(hub.signature).not.toHaveBeenCalled()
    chat.unmount()
  })

  it('sends on Ctrl+Enter, but never half a word of an IME', async () => {
    const send = vi.spyOn(hub, 'send').mockResolvedValue(message({ id: 'm2', n: 2 }))
    const page = await show(Composer, { conversation: conversation({ id: 'c1' }), customerName: '王小明' })
    const area = page.get('#composer-text')
    await area.setValue('你好')
    area.element.dispatchEvent(key({ isComposing: true }))
    await flushPromises()
    expect(send).not.toHaveBeenCalled()
    area.element.dispatchEvent(key({}))
    await flushPromises()
    expect(send).toHaveBeenCalledOnce()
    page.unmount()
  })

  it('begins a line in a mail even before it is known that it will be one', async () => {
    const send = vi.spyOn(hub, 'send').mockResolvedValue(message({ id: 'm2', n: 2 }))
    const page = await show(Composer, { conversation: conversation({ id: 'c1', channel: 'email' }), customerName: '王小明' }, new Promise(() => undefined))
    await page.get('#composer-text').setValue('Dear Mr Wang,')
    const enter = key({ ctrlKey: false })
    page.get('#composer-text').element.dispatchEvent(enter)
    expect(enter.defaultPrevented).toBe(false)
    expect(page.find('[aria-busy=true]').exists()).toBe(false)
    expect(send).not.toHaveBeenCalled()
    page.unmount()
  })

  it('looks unlike a reply while a note is written', async () => {
    const page = await show(Composer, { conversation: conversation({ id: 'c1' }), customerName: '王小明' })
    expect(page.text()).not.toContain(en.note_only_colleagues)
    await page.findAll('button').find((one) => one.text() === en.note)!.trigger('click')
    expect(page.text()).toContain(en.note_only_colleagues)
    expect(page.find('[aria-label^="Reply by"]').exists()).toBe(false)
    page.unmount()
  })
})

describe('a chat message', () => {
  it('of a visitor without a name bears the name the conversation has, not a number', async () => {
    const from = { kind: 'visitor' as const, address: '019e1d30-0000-7000-8000-000000000000', name: '' }
    const page = await show(MessageItem, { message: message({ id: 'm1', n: 1, from }), follows: false, customerName: '王小明' })
    expect(page.get('header').text()).toContain('王小明')
    expect(page.text()).not.toContain('019e1d30')
    page.unmount()
  })
})

describe('offers', () => {
  it('stay where no answer came to who took them', async () => {
    const one = { id: 'o1', conversation_id: 'c1', expires_at: new Date(Date.now() + 60_000).toISOString(), conversation: conversation({ id: 'c1', subject: 'a subject' }) }
    vi.spyOn(hub, 'offers').mockResolvedValue([one])
    vi.spyOn(hub, 'acceptOffer').mockRejectedValue(new ApiError({ status: 0, code: 'offline' }))
    const page = await show(OffersBanner, {})
    await page.findAll('button').find((button) => button.text() === en.offer.accept)!.trigger('click')
    await flushPromises()
    expect(page.text()).toContain('a subject')
    page.unmount()
  })

  it('come one at a time, the one that ends first before the others', async () => {
    const offer = (id: string, seconds: number) => ({ id, conversation_id: id, expires_at: new Date(Date.now() + seconds * 1000).toISOString(), conversation: conversation({ id, subject: `subject ${id}` }) })
    vi.spyOn(hub, 'offers').mockResolvedValue([offer('late', 60), offer('soon', 20), offer('later', 90)])
    const page = await show(OffersBanner, {})
    expect(page.text()).toContain('subject soon')
    expect(page.text()).not.toContain('subject late')
    await page.get(`[title="${en.offer.next}"]`).trigger('click')
    expect(page.text()).not.toContain('subject soon')
    expect(page.findAll('section')).toHaveLength(1)
    page.unmount()
  })
})

describe('a mail in HTML', () => {
  it('is shown in a frame without scripts and without our origin, remote pictures only on demand', async () => {
    const html = vi.spyOn(hub, 'messageHtml').mockResolvedValue({ url: 'https://files.example/x' })
    const page = await show(MailHtml, { message: message({ id: 'm1', n: 1, has_html: true, extra: { remote_images: 1 } }) })
    const sandbox = page.get('iframe').attributes('sandbox')
    expect(sandbox).not.toContain('allow-scripts')
    expect(sandbox).not.toContain('allow-same-origin')
    expect(html).toHaveBeenLastCalledWith('m1', false)
    await page.findAll('button').find((one) => one.text() === en.mail.show_images)!.trigger('click')
    await flushPromises()
    expect(html).toHaveBeenLastCalledWith('m1', true)
    page.unmount()
  })
})

describe('a message', () => {
  const item = (part: Partial<MessageView>) => show(MessageItem, { message: message({ id: 'm1', n: 1, ...part }), follows: false, customerName: '王小明' })

  it('shows markup as the text it is', async () => {
    const page = await item({ text: '<img src=x onerror=alert(1)>' })
    expect(page.find('img').exists()).toBe(false)
    expect(page.text()).toContain('<img src=x onerror=alert(1)>')
    page.unmount()
  })

  it('says why it was not delivered and offers to try again', async () => {
    const retry = vi.spyOn(hub, 'retry').mockResolvedValue(message({ id: 'm1', n: 1 }))
    const page = await item({ direction: 'out', status: 'failed', failure: 'bad_recipient', status_detail: '550 no such user' })
    expect(page.text()).toContain(en.failure.bad_recipient)
    expect(page.text()).toContain('550 no such user')
    await page.findAll('button').find((one) => one.text() === en.delivery.retry)!.trigger('click')
    expect(retry).toHaveBeenCalledWith('m1')
    page.unmount()
  })

  it('warns before an unknown outcome is repeated', async () => {
    const page = await item({ direction: 'out', status: 'unknown' })
    expect(page.text()).toContain(en.delivery.unknown_text)
    page.unmount()
  })
})
