/** The shapes of the hub's HTTP interface, under the names its OpenAPI document gives them. Ids are UUIDs, times RFC 3339 in UTC. */

export type Id = string
export type Time = string
export type Channel = 'webchat' | 'email' | 'sms' | 'fax' | 'voice'
export type AddressKind = 'email' | 'phone' | 'visitor'
export type Locale = 'zh-CN' | 'en'
export type Theme = 'system' | 'light' | 'dark'
export type Priority = 'low' | 'normal' | 'high' | 'urgent'

export interface Page<T> {
  items: T[]
  next_cursor: string | null
}

export interface Problem {
  type?: string
  title?: string
  status: number
  code: string
  detail?: string
  errors?: { path: string; message: string }[]
}

export type Right =
  | 'conversations.read'
  | 'conversations.read_all'
  | 'conversations.reply'
  | 'conversations.assign'
  | 'customers.read'
  | 'customers.write'
  | 'tickets.read'
  | 'tickets.write'
  | 'queues.manage'
  | 'accounts.manage'
  | 'users.manage'
  | 'roles.manage'
  | 'tokens.manage'
  | 'audit.read'
  | 'system.manage'

export interface Me {
  id: Id
  name: string
  display_name: string
  email: string | null
  locale: Locale
  theme: Theme
  rights: Right[]
  team_ids: Id[]
  queue_ids: Id[]
  work_number: string | null
}

export interface SessionView {
  user: Me
  csrf_token: string
}

export interface SetupState {
  needed: boolean
  public_url_is_secure: boolean
}

export type PresenceState = 'online' | 'busy' | 'away' | 'offline'

export interface Agent {
  id: Id
  display_name: string
  work_number: string | null
  presence: PresenceState | null
}

export interface Presence {
  user_id: Id
  state: PresenceState
  since: Time
  load: number
  capacity: number
  connected: boolean
}

export interface Party {
  kind: AddressKind | null
  address: string
  name: string
  user_id?: Id | null
}

export interface Attachment {
  id: Id
  filename: string
  content_type: string
  size: number
  sha256?: string
  inline?: boolean
  content_id?: string | null
  preview_url?: string | null
}

export type DeliveryState =
  | 'queued'
  | 'sending'
  | 'deferred'
  | 'unknown'
  | 'accepted'
  | 'failed'
  | 'cancelled'
  | 'delivered'
  | 'read'

export interface Delivery {
  id: Id
  address: string
  state: DeliveryState
  failure: string | null
  detail: string | null
  attempts: number
  next_try_at: Time | null
  warning: string
}

export interface CalendarCard {
  method?: string
  summary?: string
  start?: string
  end?: string
  location?: string
  organizer?: string
  attendees?: string[]
  description?: string
}

export interface MessageView {
  id: Id
  n: number
  conversation_id: Id
  channel: Channel
  account_id: Id | null
  direction: 'in' | 'out' | 'note' | 'event'
  kind: string
  from: Party | null
  to: Party[]
  cc: Party[]
  subject: string
  text: string
  reply_text: string
  has_html: boolean
  has_remote_images?: boolean
  attachments: Attachment[]
  status: DeliveryState | null
  status_detail: string | null
  failure: string | null
  deliveries?: Delivery[]
  notices: string[]
  extra: Record<string, unknown>
  author_id: Id | null
  client_key: Id | null
  created_at: Time
}

export type ConversationState = 'open' | 'snoozed' | 'closed'
export type WaitingFor = 'us' | 'customer' | 'nobody'

export interface WaitingReason {
  reason_code: string
  params?: Record<string, string | number>
  since?: Time
}

export interface ConversationView {
  id: Id
  number: number
  subject: string
  state: ConversationState
  waiting_for: WaitingFor
  waiting_since: Time | null
  priority: Priority
  channel: Channel
  channels: Channel[]
  account_id: Id | null
  queue_id: Id | null
  assignee_id: Id | null
  customer: { id: Id; name: string; number: string } | null
  contact: string
  candidates: number
  ticket_ids: Id[]
  snoozed_until: Time | null
  unread?: boolean
  preview: string
  last_direction: MessageView['direction'] | null
  last_message_at: Time | null
  created_at: Time
  updated_at: Time
  version: number
  link_reason: string
  follows_id?: Id | null
  waiting_reason?: WaitingReason | null
}

export interface MessagePage {
  items: MessageView[]
  has_more_before: boolean
  has_more_after: boolean
}

export interface Tally {
  us: number
  customer: number
}

export interface Counts {
  mine: Tally
  unassigned: Tally
  all: Tally
  snoozed: number
  closed?: number
}

export type Feature = 'text' | 'html' | 'subject' | 'files' | 'cc' | 'bcc' | 'delivered' | 'read' | 'typing'
export type Level = 'rejected' | 'dropped' | 'unsupported' | 'partial' | 'full'

export interface Capabilities {
  features: Partial<Record<Feature, Level>>
  length_unit: 'gsm7' | 'chars' | 'bytes' | 'pages'
  max_length: number | null
  max_files: number | null
  max_file_bytes: number | null
  max_total_bytes: number | null
  content_types: string[]
}

export interface ReplyOption {
  channel: Channel
  account_id: Id
  account_name: string
  address: string
  to: Party[]
  allowed: boolean
  refusals: string[]
  capabilities: Capabilities
  default: boolean
  subject: string
  cc: Party[]
}

export interface AddressRef {
  kind: AddressKind
  address: string
  name?: string
}

export interface MessageCreate {
  client_key: Id
  kind: 'reply' | 'note'
  channel?: Channel
  account_id?: Id
  to?: AddressRef[]
  cc?: AddressRef[]
  bcc?: AddressRef[]
  subject?: string
  text: string
  attachment_ids?: Id[]
  expected_version?: number
}

export interface ConversationCreate {
  client_key: Id
  channel: Channel
  account_id: Id
  to: AddressRef[]
  subject: string
  text: string
  customer_id?: Id
}

export interface Upload {
  id: Id
  filename: string
  content_type: string
  size: number
  sha256: string
}

export interface CannedReply {
  id: Id
  shortcut: string
  title: string
  text: string
  locale: Locale
}

export interface CustomerAddress {
  id: Id
  kind: AddressKind
  value: string
  display: string
  label: string
  verified: boolean
  primary: boolean
}

export interface Refusal {
  channel: Channel
  reason: string
  at: Time
  by_name: string
}

export type CustomerLevel = 'potential' | 'ordinary' | 'vip'
export type CustomerKind = 'person' | 'organisation'

export interface CustomerView {
  id: Id
  number: string
  kind: CustomerKind
  name: string
  level: CustomerLevel
  sex?: string | null
  company?: string | null
  title?: string | null
  postal_address: string
  locale: string
  note: string
  unconfirmed: boolean
  addresses: CustomerAddress[]
  refusals: Refusal[]
  organisations: { id: Id; name: string; title: string }[]
  members: { id: Id; name: string; title: string }[]
  created_at: Time
  updated_at: Time
  version: number
}

export interface CustomerWrite {
  kind?: CustomerKind
  name?: string
  level?: CustomerLevel
  company?: string | null
  title?: string | null
  postal_address?: string
  note?: string
  unconfirmed?: boolean
  addresses?: { kind: AddressKind; value: string; label?: string }[]
  version?: number
}

export interface TicketStep {
  id: Id
  at: Time
  by_id: Id | null
  by_name: string
  kind: 'created' | 'comment' | 'state' | 'assigned' | 'due' | 'linked' | 'changed'
  text: string
  from: string | null
  to: string | null
}

export interface TicketView {
  id: Id
  number: string
  title: string
  description: string
  state: string
  priority: Priority
  assignee_id: Id | null
  customer_id: Id | null
  due_at: Time | null
  overdue: boolean
  created_at: Time
  updated_at: Time
  created_by: Id | null
  version: number
  steps?: TicketStep[]
  conversation_ids: Id[]
}

export interface TicketWrite {
  title?: string
  description?: string
  state?: string
  priority?: Priority
  assignee_id?: Id | null
  customer_id?: Id | null
  conversation_id?: Id
  due_at?: Time | null
  version?: number
  client_key?: Id
}

export interface TicketState {
  code: string
  name_en: string
  name_zh: string
  colour: string
  closed: boolean
}

export type TimelineEntry = {
  at: Time
  conversation?: ConversationView | null
  ticket?: TicketView | null
}

export interface SearchHit {
  conversation?: ConversationView
  message?: { id: Id; n: number; snippet: string; created_at: Time }
  customer?: CustomerView
  ticket?: TicketView
}

export interface UserView {
  id: Id
  name: string
  display_name: string
  email: string | null
  role_ids: Id[]
  team_ids: Id[]
  disabled: boolean
  work_number: string | null
  created_at: Time
  version: number
}

export interface RoleView {
  id: Id
  name: string
  rights: Right[]
  built_in: boolean
  version: number
}

export interface TeamView {
  version?: number
  id: Id
  name: string
  member_ids: Id[]
}

export interface TokenView {
  rights?: string[]
  used_at?: Time | null
  id: Id
  name: string
  scopes?: string[]
  created_at: Time
  last_used_at?: Time | null
}

export interface AuditEntry {
  id: Id
  at: Time
  actor: string
  action: string
  subject: string
  detail: unknown
  ip: string | null
}

export interface SignInSession {
  agent?: string
  seen_at?: Time
  id: Id
  created_at: Time
  last_seen_at?: Time
  user_agent?: string
  ip?: string
  current?: boolean
}

export type Strategy = 'longest_idle' | 'round_robin' | 'least_loaded'

export interface QueueView {
  id: Id
  name: string
  strategy: Strategy
  offer_seconds: number
  priority: number
  member_ids: Id[]
  weights: Partial<Record<Channel, number>>
  version: number
  waiting?: number
  oldest_waiting_at?: Time | null
}

export type AccountState = 'stopped' | 'starting' | 'connected' | 'retrying' | 'needs_person'

export interface AccountView {
  id: Id
  name: string
  channel: Channel
  provider: string
  settings: Record<string, unknown>
  enabled: boolean
  state: AccountState
  state_detail: string
  state_at: Time | null
  queue_id: Id | null
  version: number
}

export interface JsonSchema {
  type?: string | string[]
  title?: string
  description?: string
  default?: unknown
  enum?: (string | number)[]
  const?: unknown
  format?: string
  minimum?: number
  maximum?: number
  minLength?: number
  maxLength?: number
  writeOnly?: boolean
  items?: JsonSchema
  properties?: Record<string, JsonSchema>
  required?: string[]
  anyOf?: JsonSchema[]
  $ref?: string
  $defs?: Record<string, JsonSchema>
  'x-title-zh'?: string
  'x-description-zh'?: string
  [extension: string]: unknown
}

export interface AdapterView {
  provider: string
  channel: Channel
  title_en: string
  title_zh: string
  settings_schema: JsonSchema
}

export interface AccountTest {
  checks: { name: string; ok: boolean; detail: string }[]
}

export interface OfferView {
  id: Id
  conversation_id: Id
  expires_at: Time
  conversation: ConversationView
}

export interface PoisonEntry {
  id: Id
  account_id: Id
  received_at: Time
  key: string
  attempts: number
  error: string
  size?: number
}

export interface Suppression {
  id: Id
  channel: Channel
  address: string
  reason: string
  at: Time
}
