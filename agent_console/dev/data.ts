import type * as T from '../src/api/types'

const MINUTE = 60_000
const START = Date.now()
export const ago = (minutes: number): string => new Date(START - minutes * MINUTE).toISOString()
export const id = (kind: number, n: number): string => `00000000-0000-7000-8000-${String(kind).padStart(4, '0')}${String(n).padStart(8, '0')}`

const PEOPLE: [string, T.PresenceState][] = [['张晓雯', 'online'], ['李雷', 'online'], ['Anna Schmidt', 'busy'], ['韩梅梅', 'away'], ['Carlos Díaz', 'offline']]
export const agents: T.Agent[] = PEOPLE.map(([display_name], at) => ({ id: id(1, at), display_name, work_number: String(8001 + at) }))
const RIGHTS: T.Right[] = [
  'conversations.read', 'conversations.read_all', 'conversations.reply', 'conversations.assign', 'customers.read', 'customers.write', 'tickets.read',
  'tickets.write', 'queues.manage', 'accounts.manage', 'users.manage', 'roles.manage', 'tokens.manage', 'audit.read', 'system.manage',
]
export const rights = RIGHTS
export const me = (): T.Me => ({
  id: id(1, 0), name: 'xiaowen', display_name: '张晓雯', email: 'xiaowen@example.cn', locale: (process.env.FAKE_LOCALE as T.Locale) ?? 'zh-CN', theme: 'system',
  rights: RIGHTS, team_ids: [id(7, 0)], queue_ids: [id(6, 0)], work_number: '8001',
})
export const presence = (): T.Presence[] =>
  agents.map((agent, at) => ({ user_id: agent.id, state: PEOPLE[at]![1], since: ago(12 * at + 3), load: (at + 1) % 4, capacity: 5, connected: PEOPLE[at]![1] !== 'offline' }))

const CUSTOMERS: [string, string, string, T.CustomerLevel, string | null][] = [
  ['王小明', 'wang.xm@example.cn', '+8613800138000', 'vip', '云帆物流有限公司'], ['Emily Carter', 'emily.carter@example.com', '+447700900123', 'ordinary', 'Northwind Traders'],
  ['陈伟', 'chenwei@example.cn', '+8613911112222', 'ordinary', null], ['Fatima Ali', 'fatima@example.org', '+971501234567', 'vip', 'Desert Rose LLC'],
  ['赵敏', 'zhaomin@example.cn', '+8613722223333', 'potential', null], ['刘洋', 'liuyang@example.cn', '+8613633334444', 'ordinary', '海天贸易'],
  ['John Miller', 'j.miller@example.com', '+14155550100', 'potential', null], ['孙丽', 'sunli@example.cn', '+8613544445555', 'ordinary', null],
  ['Yuki Tanaka', 'yuki@example.jp', '+81901112222', 'ordinary', 'さくら商事'], ['周杰', 'zhoujie@example.cn', '+8613455556666', 'vip', null],
]
export const customers = (): T.CustomerView[] =>
  CUSTOMERS.map(([name, email, phone, level, company], at) => ({
    id: id(2, at), number: 'C' + String(100231 + at), kind: 'person', name, level, sex: null, company: company ?? '', title: at ? '' : '采购经理', postal_address: at ? '' : '上海市浦东新区张江路 88 号', locale: 'zh-CN',
    note: at ? '' : '每月 5 日前开票；喜欢用微信电话沟通。', unconfirmed: at === 4,
    addresses: [
      { id: id(21, at), kind: 'email', value: email, display: email, label: '', verified: at % 3 !== 1, primary: true },
      { id: id(22, at), kind: 'phone', value: phone, display: phone.replace(/^\+86(\d{3})(\d{4})/, '+86 $1 $2 '), label: '手机', verified: at % 2 === 0, primary: false },
      ...(at % 2 ? [] : [{ id: id(23, at), kind: 'visitor' as const, value: 'v' + at, display: '官网访客', label: '', verified: false, primary: false }]),
    ],
    refusals: at === 0 ? [{ channel: 'sms', reason: '客户要求不发短信', at: ago(40000), by_name: '李雷' }] : [],
    organisations: company ? [{ id: id(2, 90 + at), name: company, title: '' }] : [], members: [], created_at: ago(90000 - at * 99), updated_at: ago(800 * at + 30), version: 1,
  }))

interface Line {
  dir: T.MessageView['direction']
  text: string
  min: number
  more?: Partial<T.MessageView>
}
interface Story {
  who: number
  channel: T.Channel
  subject: string
  assignee: number | null
  unread?: boolean
  state?: T.ConversationView['state']
  lines: Line[]
  more?: Partial<T.ConversationView>
}

const image = { id: id(9, 1), filename: '破损照片.jpg', content_type: 'image/jpeg', size: 482113, sha256: '' }
const STORIES: Story[] = [
  { who: 0, channel: 'webchat', subject: '订单 20261107 到货破损', assignee: 0, unread: true, lines: [
    { dir: 'event', text: '', min: 64, more: { kind: 'event', extra: { event: 'conversation.created', page: { title: '订单详情 – 云帆商城', url: 'https://shop.example.cn/orders/20261107' } } } },
    { dir: 'in', text: '您好，我的订单 20261107 今天到了，但是外包装破了，里面两个杯子碎了。', min: 63 },
    { dir: 'in', text: '照片发给您看一下', min: 62, more: { attachments: [image, { ...image, id: id(9, 2), filename: '外箱.jpg' }] } },
    { dir: 'out', text: '王先生您好，非常抱歉给您带来不便。我马上为您核实库存，今天就可以补发。请问收货地址还是张江路 88 号吗？', min: 58, more: { status: 'read' } },
    { dir: 'note', text: '仓库说今天 18 点前可以发出，@李雷 麻烦跟进快递单号。', min: 55 },
    { dir: 'in', text: '对的，地址没变。另外我把发票信息发您邮箱了，您看到了吗？', min: 23 },
    { dir: 'in', text: '您好：\n\n发票抬头：云帆物流有限公司\n税号：91310115MA1K3XXXXX\n\n请开增值税专用发票，谢谢！\n\n王小明\n\n> 2026年11月20日，客服中心 写道：\n> 王先生您好，您的订单已经发货。\n> 如有问题请回复本邮件。', min: 21, more: {
      channel: 'email', subject: 'Re: 您的订单 20261107 已发货', has_html: true, extra: { remote_images: 2 }, reply_text: '您好：\n\n发票抬头：云帆物流有限公司\n税号：91310115MA1K3XXXXX\n\n请开增值税专用发票，谢谢！\n\n王小明',
      attachments: [{ id: id(9, 3), filename: '开票资料.pdf', content_type: 'application/pdf', size: 88213, sha256: '' }] } },
    { dir: 'in', text: '在吗？', min: 12 } ], more: { channels: ['webchat', 'email'], ticket_ids: [id(5, 0)] , priority: 'high' } },
  { who: 1, channel: 'email', subject: 'Invoice INV-2291 shows the wrong VAT number', assignee: 0, unread: true, lines: [
    { dir: 'in', text: 'Hello,\n\nthe invoice INV-2291 that reached us on Monday carries an old VAT number. Could you send a corrected one before Friday? Our accounting closes the month then.\n\nBest regards\nEmily Carter\nNorthwind Traders\n\n-----Original Message-----\nFrom: Billing\nSent: Monday\nYour invoice is attached.', min: 312, more: { has_html: true, reply_text: 'Hello,\n\nthe invoice INV-2291 that reached us on Monday carries an old VAT number. Could you send a corrected one before Friday? Our accounting closes the month then.\n\nBest regards\nEmily Carter\nNorthwind Traders', attachments: [{ id: id(9, 4), filename: 'INV-2291.pdf', content_type: 'application/pdf', size: 143882, sha256: '' }] } },
    { dir: 'out', text: 'Dear Emily,\n\nthank you for telling us. I have passed this to billing and will send the corrected invoice by tomorrow noon.\n\nKind regards\nZhang Xiaowen', min: 290, more: { status: 'delivered' } },
    { dir: 'out', text: 'Corrected invoice attached.', min: 120, more: { status: 'failed', failure: 'bad_recipient', status_detail: '550 5.1.1 mailbox unavailable', attachments: [{ id: id(9, 5), filename: 'INV-2291-corrected.pdf', content_type: 'application/pdf', size: 144102, sha256: '' }] } },
    { dir: 'in', text: 'Here is the invitation for the review call.', min: 95, more: { extra: { calendar: { method: 'REQUEST', summary: 'Invoice review – Northwind / Switchboard', start: ago(-2880), end: ago(-2910), location: 'https://meet.example.com/nw-291', organizer: 'emily.carter@example.com', attendees: ['xiaowen@example.cn', 'emily.carter@example.com'] } } } } ] },
  { who: 2, channel: 'webchat', subject: '修改收货地址', assignee: 0, unread: true, lines: [{ dir: 'in', text: '我想修改收货地址，麻烦帮我看看可以吗？订单号 20261119', min: 4 }] },
  { who: 3, channel: 'email', subject: 'Partnership enquiry, Desert Rose LLC', assignee: 0, lines: [{ dir: 'in', text: 'Dear team, could you send us the price list for 500+ units?', min: 1500 }, { dir: 'out', text: 'Dear Fatima, please find our price list attached. Happy to arrange a call.', min: 1380, more: { status: 'delivered' } }] },
  { who: 7, channel: 'webchat', subject: '会员积分', assignee: 0, lines: [{ dir: 'in', text: '积分什么时候到账？', min: 200 }, { dir: 'out', text: '您好，积分会在确认收货后 24 小时内到账。', min: 196, more: { status: 'delivered' } }] },
  { who: 4, channel: 'webchat', subject: '', assignee: null, unread: true, lines: [{ dir: 'in', text: '请问你们支持货到付款吗？', min: 9 }], more: { candidates: 2, customer: null, contact: 'zhaomin@example.cn' } },
  { who: 5, channel: 'email', subject: '退货申请 – 订单 20261101', assignee: null, unread: true, lines: [{ dir: 'in', text: '您好，尺寸不合适，想退货，附件是申请表。', min: 47, more: { attachments: [{ id: id(9, 6), filename: '退货申请表.docx', content_type: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document', size: 23110, sha256: '' }] } }] },
  { who: 6, channel: 'email', subject: 'How do I add a second user?', assignee: null, unread: true, lines: [{ dir: 'in', text: 'I could not find it in the settings. Is it part of my plan?', min: 131 }] },
  { who: 8, channel: 'email', subject: '見積書について', assignee: 1, lines: [{ dir: 'in', text: '見積書を拝見しました。納期はいつ頃になりますか。', min: 260 }] },
  { who: 9, channel: 'webchat', subject: '催发货', assignee: 2, lines: [{ dir: 'in', text: '三天了还没发货，什么情况？', min: 33 }, { dir: 'out', text: '非常抱歉，我立刻帮您催仓库。', min: 30, more: { status: 'delivered' } }] },
]
const LAST = ['请问这款还有货吗？', 'Thanks, that solved it.', '发票什么时候能寄出？', 'The tracking link does not open.', '好的，谢谢您！', 'Can I change the delivery date to next Monday?']

export const conversations = (people: T.CustomerView[]) => [...STORIES, ...filler()].map((story, at) => told(story, at, people))

function filler(): Story[] {
  return Array.from({ length: 60 }, (_, at): Story => ({
    who: at % CUSTOMERS.length, channel: at % 3 ? 'email' : 'webchat', subject: LAST[(at + 2) % LAST.length]!, assignee: [1, 2, null, 3][at % 4]!, state: at % 9 === 8 ? 'closed' : at % 11 === 10 ? 'snoozed' : 'open',
    lines: [{ dir: at % 2 ? 'in' : 'out', text: LAST[at % LAST.length]!, min: 60 * at + 300, more: at % 2 ? {} : { status: 'delivered' } }],
  }))
}

let n = 0
function told(story: Story, at: number, people: T.CustomerView[]) {
  const customer = people[story.who]!
  const last = story.lines.at(-1)!
  const conversation: T.ConversationView = {
    id: id(3, at), number: 2100 + at, subject: story.subject, state: story.state ?? 'open', waiting_for: last.dir === 'in' ? 'us' : 'customer', waiting_since: ago(last.min), priority: 'normal', channel: story.channel,
    channels: [story.channel], account_id: id(8, story.channel === 'email' ? 0 : 1), queue_id: id(6, 0), assignee_id: story.assignee === null ? null : id(1, story.assignee),
    customer: { id: customer.id, name: customer.name, number: customer.number }, contact: customer.name, candidates: 0, ticket_ids: [], snoozed_until: story.state === 'snoozed' ? ago(-600) : null, unread: story.unread ?? false,
    preview: last.text.slice(0, 120), last_direction: last.dir, last_message_at: ago(last.min), created_at: ago(story.lines[0]!.min), updated_at: ago(last.min), version: 1, link_reason: 'address', follows_id: null, ...story.more,
  }
  const messages = story.lines.map((line) => message(conversation, { direction: line.dir, text: line.text, created_at: ago(line.min), n: ++n, ...line.more }, customer))
  return { conversation, messages }
}

export function message(conversation: T.ConversationView, part: Partial<T.MessageView> & Pick<T.MessageView, 'direction' | 'text'>, customer?: T.CustomerView): T.MessageView {
  const inbound = part.direction === 'in'
  const email = customer?.addresses[0]?.value ?? 'customer@example.com'
  const chat = (part.channel ?? conversation.channel) === 'webchat'
  const them: T.Party = { kind: chat ? 'visitor' : 'email', address: chat ? 'visitor' : email, name: conversation.customer?.name ?? customer?.name ?? '' }
  const us: T.Party = { kind: 'email', address: 'service@example.cn', name: '客服中心', user_id: id(1, 0) }
  return {
    id: crypto.randomUUID(), n: 0, conversation_id: conversation.id, channel: conversation.channel, account_id: conversation.account_id, kind: 'message', from: inbound ? them : us, to: inbound ? [us] : [them], cc: [],
    subject: conversation.channel === 'email' ? conversation.subject : '', reply_text: part.text, has_html: false, attachments: [], status: null, status_detail: '', journal_id: null, failure: null, notices: [], extra: {},
    author_id: inbound || part.direction === 'event' ? null : id(1, 0), client_key: null, created_at: new Date().toISOString(), ...part,
  }
}

export const tickets = (people: T.CustomerView[]): T.TicketView[] =>
  ['补发破损商品：马克杯 ×2', 'Corrected invoice for Northwind', '安排上门取件', '价格表更新', 'Return form, order 20261101'].map((title, at) => ({
    id: id(5, at), number: 'T' + String(100045 + at), title, description: at ? '' : '客户收到的两个马克杯破损，仓库今日补发。', state: ['in_progress', 'waiting', 'new', 'finished', 'new'][at]!, priority: (['high', 'normal', 'low', 'normal', 'urgent'] as const)[at]!,
    assignee_id: at === 2 ? null : id(1, at % 3), customer_id: people[at]!.id, due_at: at === 3 ? null : ago([-180, -1500, 120, 0, -60][at]!), overdue: at === 2, created_at: ago(2000 - at * 30), updated_at: ago(100 * at + 20), created_by: id(1, 0), version: 1, conversation_ids: at ? [] : [id(3, 0)],
    steps: [
      { id: id(51, at), at: ago(2000), by_id: id(1, 0), by_name: '张晓雯', kind: 'created', text: '', from: null, to: null },
      { id: id(52, at), at: ago(1900), by_id: id(1, 1), by_name: '李雷', kind: 'state', text: '', from: 'new', to: 'in_progress' },
      { id: id(53, at), at: ago(900), by_id: id(1, 1), by_name: '李雷', kind: 'comment', text: '已联系仓库，库存 12 件，今天 18 点前发出。', from: null, to: null },
    ],
  }))
export const ticketStates: T.TicketState[] = [
  { code: 'new', name_en: 'New', name_zh: '新建', colour: 'blue', closed: false }, { code: 'in_progress', name_en: 'In progress', name_zh: '处理中', colour: 'teal', closed: false },
  { code: 'waiting', name_en: 'Waiting', name_zh: '等待中', colour: 'amber', closed: false }, { code: 'finished', name_en: 'Finished', name_zh: '已完成', colour: 'green', closed: true }, { code: 'closed', name_en: 'Closed', name_zh: '已关闭', colour: 'grey', closed: true },
]
export const queues = (): T.QueueView[] => [
  { id: id(6, 0), name: '售后服务', strategy: 'longest_idle', offer_seconds: 30, priority: 0, member_ids: agents.slice(0, 3).map((one) => one.id), weights: { webchat: 2, email: 1 }, version: 1, waiting: 3, oldest_waiting_at: ago(131), is_default: true },
  { id: id(6, 1), name: 'International', strategy: 'round_robin', offer_seconds: 45, priority: 1, member_ids: [id(1, 2), id(1, 4)], weights: { webchat: 2, email: 1 }, version: 1, waiting: 0, oldest_waiting_at: null, is_default: false },
]
export const accounts = (): T.AccountView[] => [
  { id: id(8, 0), name: 'service@example.cn', channel: 'email', provider: 'mail', settings: { address: 'service@example.cn', display_name: '客服中心', inbound: 'imap', imap_host: 'imap.example.cn', imap_port: 993, imap_security: 'tls', imap_password: { set: true }, reply_tokens: true, domains: ['example.cn'] }, enabled: true, state: 'connected', state_detail: '', state_at: ago(340), queue_id: id(6, 0), version: 3, created_at: ago(9000), updated_at: ago(90) },
  { id: id(8, 1), name: '官网 shop.example.cn', channel: 'webchat', provider: 'widget', settings: { name: '云帆商城', color: '#0b6e66', allowed_origins: ['https://shop.example.cn'] }, enabled: true, state: 'connected', state_detail: '', state_at: ago(340), queue_id: id(6, 0), version: 2, created_at: ago(9000), updated_at: ago(90) },
  { id: id(8, 2), name: 'billing@example.com', channel: 'email', provider: 'mail', settings: { address: 'billing@example.com' }, enabled: true, state: 'needs_person', state_detail: '535 5.7.8 authentication failed', state_at: ago(25), queue_id: id(6, 1), version: 1, created_at: ago(9000), updated_at: ago(90) },
]
export const adapters: T.AdapterView[] = [
  { provider: 'mail', channel: 'email', title_en: 'E-mail', title_zh: '电子邮件', settings_schema: { type: 'object', required: ['address'], properties: {
    address: { type: 'string', format: 'email', title: 'Address', 'x-title-zh': '邮箱地址' }, display_name: { type: 'string', title: 'Sender name', 'x-title-zh': '发件人名称', default: '' },
    domains: { type: 'array', items: { type: 'string' }, title: 'Domains', 'x-title-zh': '接收域名', description: 'Mail to any address of these domains comes here.', 'x-description-zh': '发往这些域名任意地址的邮件都会进入此账号。', default: [] },
    inbound: { enum: ['smtp', 'imap', 'both'], title: 'Receive by', 'x-title-zh': '接收方式', default: 'smtp' }, imap_host: { type: 'string', title: 'IMAP server', 'x-title-zh': 'IMAP 服务器', default: '' }, imap_port: { type: 'integer', title: 'IMAP port', 'x-title-zh': 'IMAP 端口', minimum: 1, maximum: 65535, default: 993 },
    imap_security: { enum: ['tls', 'starttls', 'none'], title: 'IMAP encryption', 'x-title-zh': 'IMAP 加密', default: 'tls' }, imap_password: { type: 'string', writeOnly: true, title: 'IMAP password', 'x-title-zh': 'IMAP 密码', default: '' },
    reply_tokens: { type: 'boolean', title: 'Own reply address per message', 'x-title-zh': '每封邮件使用独立回复地址', default: true }, signature_text: { type: 'string', title: 'Signature', 'x-title-zh': '签名', 'x-multiline': true, default: '' } } } },
  { provider: 'widget', channel: 'webchat', title_en: 'Web chat site', title_zh: '在线交谈网站', settings_schema: { type: 'object', required: ['name'], properties: {
    name: { type: 'string', title: 'Title in the widget', 'x-title-zh': '窗口标题' }, color: { type: 'string', format: 'color', title: 'Colour', 'x-title-zh': '主题色', default: '#0b6e66' },
    allowed_origins: { type: 'array', items: { type: 'string', format: 'uri' }, title: 'Allowed sites', 'x-title-zh': '允许的网站', default: [] } } } },
]
export const users = (): T.UserView[] => agents.map((agent, at) => ({ id: agent.id, name: ['xiaowen', 'lilei', 'anna', 'meimei', 'carlos'][at]!, display_name: agent.display_name, email: '', role_ids: [id(4, at ? 2 : 0)], team_ids: [id(7, 0)], disabled: at === 4, work_number: agent.work_number, created_at: ago(90000), version: 1 }))
export const roles = (): T.RoleView[] => [
  { id: id(4, 0), name: 'administrator', rights: RIGHTS, built_in: true, version: 1 }, { id: id(4, 1), name: 'supervisor', rights: RIGHTS.slice(0, 9), built_in: true, version: 1 }, { id: id(4, 2), name: 'agent', rights: RIGHTS.filter((right) => !/manage|audit|read_all/.test(right)), built_in: true, version: 1 },
]
export const teams = (): T.TeamView[] => [{ id: id(7, 0), name: '售后组', member_ids: agents.slice(0, 3).map((one) => one.id), version: 1 }, { id: id(7, 1), name: 'Sales', member_ids: [id(1, 4)], version: 1 }]
export const canned: T.CannedReply[] = [
  { id: id(10, 0), shortcut: 'hello', title: '开场问候', text: '您好，我是{agent}，很高兴为您服务。请问有什么可以帮您？', locale: 'zh-CN' }, { id: id(10, 1), shortcut: 'bye', title: '结束语', text: '感谢您的咨询，祝您生活愉快！', locale: 'zh-CN' },
  { id: id(10, 2), shortcut: 'thanks', title: 'Thank you', text: 'Thank you for your patience, {customer}.', locale: 'en' },
]
