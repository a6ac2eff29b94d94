import type { MessageCreate } from '../src/api/types'
import { belongs, compare, type ConversationFilter } from '../src/live/keys'
import * as data from './data'
import type { FakeHub } from './fake'
import type { Reply } from './plugin'

interface Asked {
  hub: FakeHub
  query: URLSearchParams
  body: any // eslint-disable-line
  path: string[]
  headers: Record<string, string | string[] | undefined>
}
type Route = [method: string, pattern: RegExp, answer: (asked: Asked) => Reply | Promise<Reply>]

const UNAUTHORISED: Reply = { status: 401, body: { code: 'unauthorised', status: 401 } }
const ok = (body: unknown): Reply => ({ body })
const page = (items: unknown[]): Reply => ok({ items, next_cursor: null })
const at = (pattern: string): RegExp => new RegExp(`^/api/v1${pattern.replaceAll('*', '([^/]+)')}$`)
const session = (hub: FakeHub): Reply => ok({ user: hub.me, csrf_token: 'fake' })

/** Simple collections: list, create, change, delete. */
function collection(name: string, of: (hub: FakeHub) => { id: string }[]): Route[] {
  return [
    ['GET', at(`/${name}`), ({ hub }) => page(of(hub))],
    ['POST', at(`/${name}`), ({ hub, body }) => (of(hub).push({ id: crypto.randomUUID(), version: 1, ...body }), ok(of(hub).at(-1)))],
    ['GET', at(`/${name}/*`), ({ hub, path }) => ok(of(hub).find((one) => one.id === path[0]))],
    ['PATCH', at(`/${name}/*`), ({ hub, path, body }) => ok(Object.assign(of(hub).find((one) => one.id === path[0])!, body))],
    ['DELETE', at(`/${name}/*`), ({ hub, path }) => (of(hub).splice(of(hub).findIndex((one) => one.id === path[0]), 1), { status: 204 })],
  ]
}

export const routes: Route[] = [
  ['GET', at('/session'), ({ hub }) => (hub.signedIn ? session(hub) : UNAUTHORISED)],
  ['POST', at('/session'), ({ hub, body }) => (body.password === 'wrong' ? { status: 401, body: { code: 'wrong_password', status: 401 } } : ((hub.signedIn = true), session(hub)))],
  ['DELETE', at('/session'), ({ hub }) => ((hub.signedIn = false), { status: 204 })],
  ['GET', at('/setup'), () => ok({ needed: process.env.FAKE_SETUP === '1', public_url_is_secure: false })],
  ['POST', at('/setup'), ({ hub }) => ((hub.signedIn = true), session(hub))],
  ['PATCH', at('/me'), ({ hub, body }) => ok(Object.assign(hub.me, body))],
  ['GET', at('/me/sessions'), () => ok([{ id: 's1', created_at: data.ago(600), seen_at: data.ago(0), agent: 'Chromium 156 · Linux', ip: '127.0.0.1', current: true }])],
  ['PUT', at('/me/presence'), ({ hub, body }) => (hub.announce('presence.changed', { user_id: hub.me.id, ...body, since: new Date().toISOString() }), ok(null))],

  ['GET', at('/conversations/counts'), ({ hub }) => ok(counts(hub))],
  ['GET', at('/conversations'), ({ hub, query }) => listed(hub, query)],
  ['POST', at('/conversations'), ({ hub }) => ok({ conversation: hub.conversations[0], message: hub.messages.get(hub.conversations[0]!.id)![0] })],
  ['GET', at('/conversations/*'), ({ hub, path }) => found(hub.conversations.find((one) => one.id === path[0]))],
  ['PATCH', at('/conversations/*'), ({ hub, path, body }) => ok(hub.change(path[0]!, body))],
  ['PUT', at('/conversations/*/assignee'), ({ hub, path, body }) => ok(hub.change(path[0]!, { assignee_id: body.agent_id }))],
  ['POST', at('/conversations/*/read'), ({ hub, path }) => ((hub.conversations.find((one) => one.id === path[0])!.unread = false), { status: 204 })],
  ['GET', at('/conversations/*/messages'), ({ hub, path, query }) => messages(hub, path[0]!, query)],
  ['POST', at('/conversations/*/messages'), ({ hub, path, body }) => sent(hub, path[0]!, body)],
  ['GET', at('/conversations/*/reply-options'), ({ hub, path }) => ok(options(hub, path[0]!))],
  ['PUT', at('/conversations/*/customers/*'), ({ hub, path }) => (hub.change(path[0]!, { customer: hub.customers.find((one) => one.id === path[1])!, candidates: 0 }), { status: 204 })],
  ['DELETE', at('/conversations/*/customers/*'), ({ hub, path }) => (hub.change(path[0]!, { customer: null }), { status: 204 })],
  ['PUT', at('/conversations/*/tickets/*'), ({ hub, path }) => (hub.change(path[0]!, { ticket_ids: [path[1]!] }), { status: 204 })],
  ['DELETE', at('/conversations/*/tickets/*'), ({ hub, path }) => (hub.change(path[0]!, { ticket_ids: [] }), { status: 204 })],
  ['GET', at('/messages/*/html'), ({ path, query }) => ok({ url: `/api/v1/fake/mail.html?id=${path[0]}${query.get('remote') === '1' ? '&images=1' : ''}` })],
  ['POST', at('/messages/*/retry'), ({ hub, path }) => retried(hub, path[0]!)],
  ['GET', at('/fake/mail.html'), ({ query }) => ({ html: `<body style="font:14px sans-serif;padding:16px"><p>您好：</p><table border=1 cellpadding=6 style="border-collapse:collapse"><tr><td>发票抬头</td><td><b>云帆物流有限公司</b></td></tr><tr><td>税号</td><td>91310115MA1K3XXXXX</td></tr></table><p>请开增值税专用发票，谢谢！</p>${query.get('images') ? '<img src="/api/v1/fake/picture.svg" width=120>' : ''}` })],
  ['GET', at('/fake/picture.svg'), () => ({ svg: PICTURE })],
  ['POST', at('/uploads'), ({ hub, body, headers }) => uploaded(hub, body, decodeURIComponent(String(headers['x-filename'])))],
  ['GET', at('/messages/*/attachments/*'), () => ({ svg: PICTURE })],
  ['GET', at('/account-names'), ({ hub }) => ok(hub.accounts)],
  ['GET', at('/conversations/*/waiting'), () => ok({ reason_code: 'all_busy', params: {}, since: data.ago(9) })],
  ['GET', at('/canned-replies'), () => ok(data.canned)],
  ['GET', at('/search'), ({ hub, query }) => searched(hub, query)],
  ['GET', at('/events'), ({ hub, query }) => page(hub.events.slice(Number(query.get('after')?.slice(1) ?? 0)))],
  ['GET', at('/agents'), ({ hub }) => ok(hub.agents)],
  ['GET', at('/presence'), ({ hub }) => ok(hub.presence)],
  ['GET', at('/offers'), ({ hub }) => ok(hub.offers)],
  ['POST', at('/offers/*/accept'), ({ hub, path }) => decided(hub, path[0]!, true)],
  ['POST', at('/offers/*/refuse'), ({ hub, path }) => decided(hub, path[0]!, false)],
  ['GET', at('/ticket-states'), () => ok(data.ticketStates)],
  ['POST', at('/tickets/*/steps'), ({ hub, path, body }) => (hub.tickets.find((one) => one.id === path[0])!.steps!.push({ id: crypto.randomUUID(), at: new Date().toISOString(), by_id: hub.me.id, by_name: hub.me.display_name, kind: 'comment', text: body.text, from: null, to: null }), ok({}))],
  ['GET', at('/tickets'), ({ hub, query }) => page(hub.tickets.filter((one) => (!query.get('state') || one.state === query.get('state')) && (!query.get('customer_id') || one.customer_id === query.get('customer_id')) && one.title.includes(query.get('q') ?? '')))],
  ['GET', at('/customers'), ({ hub, query }) => page(hub.customers.filter((one) => JSON.stringify(one).toLowerCase().includes((query.get('q') ?? '').toLowerCase())))],
  ['PUT', at('/customers/*/refusals/*'), ({ hub, path, body }) => (hub.customers.find((one) => one.id === path[0])!.refusals.push({ channel: path[1] as never, reason: body.reason, at: new Date().toISOString(), by_name: '张晓雯' }), { status: 204 })],
  ['DELETE', at('/customers/*/refusals/*'), ({ hub, path }) => ((hub.customers.find((one) => one.id === path[0])!.refusals = []), { status: 204 })],
  ['GET', at('/rights'), () => ok(data.rights)],
  ['GET', at('/adapters'), () => ok(data.adapters)],
  ['POST', at('/accounts/test'), () => ok({ checks: [{ name: 'imap', ok: true, detail: 'imap.example.cn:993' }, { name: 'login', ok: false, detail: '535 5.7.8 authentication failed' }] })],
  ['GET', at('/accounts/*/snippet'), ({ path }) => ok({ html: `<script async src="https://desk.example.cn/widget/v1/loader.js" data-site="${path[0]}"></script>` })],
  ['GET', at('/tokens'), () => page([{ id: 't1', name: 'erp-sync', scopes: ['customers.read', 'customers.write'], created_at: data.ago(4000), used_at: data.ago(12), hint: 'swb_k7' }])],
  ['POST', at('/tokens'), () => ok({ id: 't2', token: 'swb_' + 'k7Qd9xWm2Vb8'.repeat(3) })],
  ['GET', at('/audit'), () => page(['session.created', 'account.changed', 'user.created', 'role.changed', 'token.created'].map((action, n) => ({ id: 'a' + n, at: data.ago(n * 77 + 3), actor: { kind: 'user', id: null, name: '张晓雯' }, action, subject: { kind: 'account', id: null }, detail: { field: 'imap_host' }, ip: '127.0.0.1' })))],
  ['GET', at('/journal'), () => page([{ id: 'j1', account_id: data.id(8, 0), received_at: data.ago(55), sender: 'someone@example.org', state: 'poison', attempts: 3, error: 'parser ran past 10 s', size: 182_331 }])],
  ['POST', at('/journal/*/replay'), () => ok({})],
  ['GET', at('/suppressions'), () => page([{ id: 'x1', address_kind: 'email', address_value: 'bounce@example.org', evidence: '550 5.1.1', reason: 'bounce', created_at: data.ago(500) }])],
  ...collection('customers', (hub) => hub.customers),
  ...collection('tickets', (hub) => hub.tickets),
  ...collection('queues', (hub) => hub.queues),
  ...collection('accounts', (hub) => hub.accounts),
  ...collection('users', (hub) => hub.users),
  ...collection('roles', (hub) => hub.roles),
  ...collection('teams', (hub) => hub.teams),
  // Only for trying things out: a customer's message, an offer, somebody typing.
  ['POST', at('/fake/message'), ({ hub, body }) => ok(hub.add(body.conversation_id ?? hub.conversations[0]!.id, { direction: 'in', text: body.text }))],
  ['POST', at('/fake/typing'), ({ hub, body }) => (hub.notice('typing', { conversation_id: hub.conversations[0]!.id, typing: true, name: '王小明', ...body }), ok({}))],
  ['POST', at('/fake/offer'), ({ hub }) => offered(hub)],
  ['POST', at('/fake/signout'), ({ hub }) => ((hub.signedIn = false), ok({}))],
  ['POST', at('/fake/me'), ({ hub, body }) => ok(Object.assign(hub.me, body))],
]

const PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 160"><rect width="240" height="160" fill="#d9c3a4"/><path d="M60 50h70v55a20 20 0 0 1-20 20H80a20 20 0 0 1-20-20z" fill="#8a5a3c"/><path d="M130 65h18a14 14 0 0 1 0 36h-18" fill="none" stroke="#8a5a3c" stroke-width="9"/><path d="m84 50 10 26-12 14 16 34" stroke="#fff" stroke-width="3" fill="none"/></svg>'
const found = (body: unknown): Reply => (body ? ok(body) : { status: 404, body: { code: 'not_found', status: 404 } })

function counts(hub: FakeHub) {
  const tally = (view: 'mine' | 'unassigned' | 'all', waiting_for: 'us' | 'customer') => hub.conversations.filter((one) => belongs(one, { view, waiting_for, sort: 'newest' }, hub.me.id)).length
  const both = (view: 'mine' | 'unassigned' | 'all') => ({ us: tally(view, 'us'), customer: tally(view, 'customer') })
  return { mine: both('mine'), unassigned: both('unassigned'), all: both('all'), snoozed: { us: hub.conversations.filter((one) => one.state === 'snoozed').length } }
}

function listed(hub: FakeHub, query: URLSearchParams): Reply {
  const filter = { view: 'all', sort: 'newest', ...Object.fromEntries(query) } as unknown as ConversationFilter
  const all = hub.conversations.filter((one) => belongs(one, filter, hub.me.id)).sort((a, b) => compare(a, b, filter.sort))
  const from = Number(query.get('cursor') ?? 0)
  const to = from + Number(query.get('limit') ?? 50)
  return ok({ items: all.slice(from, to), next_cursor: to < all.length ? String(to) : null })
}

function messages(hub: FakeHub, id: string, query: URLSearchParams): Reply {
  const before = Number(query.get('before') ?? Infinity)
  const older = (hub.messages.get(id) ?? []).filter((one) => one.n < before)
  const items = older.slice(-Number(query.get('limit') ?? 50))
  return ok({ items, has_more: older.length > items.length, read_n: 0 })
}

function sent(hub: FakeHub, id: string, body: MessageCreate): Reply {
  if (body.text.includes('!fail')) return { status: 503, body: { code: 'unavailable', status: 503, detail: 'database gone' } }
  const message = hub.add(id, {
    direction: body.kind === 'note' ? 'note' : 'out', text: body.text, channel: options(hub, id).find((one) => one.account_id === body.account_id)?.channel as never, client_key: body.client_key, subject: body.subject ?? '', status: body.kind === 'note' ? null : 'queued',
    attachments: (body.attachment_ids ?? []).map((upload) => hub.uploads.get(upload)!),
  })
  if (body.kind === 'reply') (hub.report(message, 'sending', 300), hub.report(message, 'accepted', 800), hub.report(message, 'delivered', 1800))
  return { status: 201, body: message }
}

function retried(hub: FakeHub, id: string): Reply {
  const message = [...hub.messages.values()].flat().find((one) => one.id === id)!
  hub.announce('message.changed', { conversation_id: message.conversation_id, message_id: id, status: 'queued', failure: null, status_detail: null })
  hub.report(message, 'accepted', 900)
  return ok(message)
}

function options(hub: FakeHub, id: string) {
  const conversation = hub.conversations.find((one) => one.id === id)!
  const customer = hub.customers.find((one) => one.id === conversation.customer?.id)
  const email = customer?.addresses.find((one) => one.kind === 'email')?.value ?? 'someone@example.com'
  const mail = { channel: 'email', account_id: data.id(8, 0), account_name: 'service@example.cn', to: [{ kind: 'email', address: email, name: customer?.name ?? '' }], allowed: true, refusals: [], default: conversation.channel === 'email', subject: conversation.subject.startsWith('Re:') ? conversation.subject : 'Re: ' + conversation.subject, cc: [], suggested_cc: [],
    capabilities: { features: { text: 'full', html: 'full', subject: 'full', files: 'full', cc: 'full', bcc: 'full', delivered: 'partial' }, length_unit: 'chars', max_length: null, max_files: 20, max_file_bytes: 20e6, max_total_bytes: 25e6, content_types: [] } }
  const chat = { channel: 'webchat', account_id: data.id(8, 1), account_name: '官网 shop.example.cn', to: [{ kind: 'visitor', address: 'v0', name: customer?.name ?? '' }], allowed: true, refusals: [], default: conversation.channel === 'webchat', subject: '', cc: [], suggested_cc: [],
    capabilities: { features: { text: 'full', html: 'unsupported', subject: 'dropped', files: 'full', cc: 'unsupported', bcc: 'unsupported', delivered: 'full', read: 'full', typing: 'full' }, length_unit: 'chars', max_length: 4000, max_files: 10, max_file_bytes: 10e6, max_total_bytes: null, content_types: [] } }
  const second = { ...mail, account_id: data.id(8, 2), account_name: 'billing@example.com', allowed: false, refusals: ['account_not_connected'], default: false }
  return conversation.channels.includes('webchat') || conversation.channel === 'webchat' ? [chat, mail, second] : [mail, second]
}

function uploaded(hub: FakeHub, body: Buffer, name: string): Reply {
  const upload = { id: crypto.randomUUID(), filename: name, content_type: /\.(png|jpe?g)$/.test(name) ? 'image/png' : 'application/octet-stream', size: body.length, sha256: '' }
  hub.uploads.set(upload.id, upload)
  return { status: 201, body: upload }
}

function searched(hub: FakeHub, query: URLSearchParams): Reply {
  const words = (query.get('q') ?? '').toLowerCase()
  const hits = hub.conversations.flatMap((conversation) => (hub.messages.get(conversation.id) ?? []).filter((one) => one.text.toLowerCase().includes(words)).map((one) => ({ conversation, message: { id: one.id, n: one.n, snippet: one.text.slice(0, 160), created_at: one.created_at } })))
  return page(hits.slice(0, 40))
}

function offered(hub: FakeHub): Reply {
  const conversation = hub.conversations.find((one) => one.assignee_id === null)!
  const offer = { id: crypto.randomUUID(), conversation_id: conversation.id, expires_at: new Date(Date.now() + 30_000).toISOString(), conversation }
  hub.offers.push(offer)
  hub.announce('offer.made', { offer })
  return ok(offer)
}

function decided(hub: FakeHub, id: string, accepted: boolean): Reply {
  const offer = hub.offers.find((one) => one.id === id)
  hub.offers = hub.offers.filter((one) => one !== offer)
  hub.announce('offer.ended', { id, conversation_id: offer?.conversation_id, outcome: accepted ? 'accepted' : 'refused' })
  if (accepted && offer) hub.change(offer.conversation_id, { assignee_id: hub.me.id })
  return ok({})
}
