/** The shapes of the hub's interface by the names the pages use, taken from its OpenAPI document (`npm run types`). */
import type { components } from './schema'

type Schemas = components['schemas']

export type Id = string
export type Time = string
export type Locale = Schemas['Me']['locale']
export type Theme = Schemas['Me']['theme']
export type Problem = Pick<Schemas['Problem'], 'code' | 'status'> & Partial<Schemas['Problem']>

export interface Page<T> {
  items: T[]
  next_cursor: string | null
}

export type Right = Schemas['Right']
export type Me = Schemas['Me']
export type SessionView = Schemas['SessionView']

export type PresenceState = Schemas['AgentState']
export type Presence = Omit<Schemas['PresenceView'], 'state'> & { state: PresenceState }
export type Agent = Schemas['AgentView']

export type NotificationView = Schemas['NotificationView']
export type WallboardView = Omit<Schemas['Wallboard'], 'agents'> & { agents: (Omit<Schemas['AgentTile'], 'state'> & { state: PresenceState })[] }

export type Channel = Schemas['ChannelKind']
export type AddressKind = Schemas['AddressKind']
export type Party = Schemas['Party']
export type Attachment = Schemas['AttachmentView']
export type DeliveryState = Schemas['DeliveryState']
export type Delivery = Schemas['DeliveryView']
export type MessageView = Omit<Schemas['MessageView'], 'extra'> & { extra: Record<string, unknown> }
export type MessagePage = Omit<Schemas['Messages'], 'items'> & { items: MessageView[] }
export type MessageCreate = Schemas['MessageCreate'] & { client_key: Id; text: string; kind: 'reply' | 'note' }
export type Upload = Schemas['Upload']
export type CannedReply = Schemas['CannedReplyView']

export type Priority = Schemas['TicketView']['priority']
export type ConversationView = Schemas['ConversationView']
export type SnoozeReason = Schemas['Snooze']
export type ConversationChange = Schemas['ConversationPatch']
export type Waiting = Schemas['Waiting']
export type Counts = Schemas['Counts']

export type Feature = Schemas['Feature']
export type Capabilities = Omit<Schemas['Capabilities'], 'features'> & { features: Partial<Record<Feature, Schemas['hub.messages.capabilities.Level']>> }
export type ReplyOption = Omit<Schemas['ReplyOption'], 'to' | 'cc' | 'capabilities'> & { to: Recipient[]; cc: Recipient[]; capabilities: Partial<Capabilities> }
export type Reach = Schemas['Reach']
export type OptOut = Schemas['OptOutView']
export type Recipient = { kind?: string; address: string; name?: string }
export type AddressRef = Schemas['PartyGiven']

export type CustomerView = Schemas['Customer']
export type CustomerAddress = Schemas['CustomerAddress']
export type MergedRecord = Schemas['MergedRecord']
export type CustomerKind = Schemas['CustomerKind']
export type CustomerLevel = CustomerView['level']

export type TicketView = Schemas['TicketView']
export type TicketStep = Schemas['StepView']
export type TicketState = Schemas['TicketState']
export type TicketChange = Omit<Schemas['TicketPatch'], 'version'>

export type SearchHit = { message: Schemas['Hit'] } | { customer: CustomerView } | { ticket: TicketView }

export type UserView = Schemas['UserView']
export type RoleView = Schemas['RoleView']
export type TeamView = Schemas['TeamView']
export type Strategy = Schemas['Strategy']
export type QueueView = Omit<Schemas['QueueView'], 'weights'> & { weights: Partial<Record<Channel, number>> }
export type OfferView = Omit<Schemas['MyOffer'], 'conversation'> & { conversation: ConversationView }

export type AccountState = Schemas['RunState']
export type AccountView = Omit<Schemas['Account'], 'settings'> & { settings: Record<string, unknown> }
export type AdapterView = Omit<Schemas['AdapterView'], 'settings_schema'> & { settings_schema: JsonSchema }
export type AccountTest = Schemas['TestResult']

/** What the hub says of an adapter's settings: JSON Schema 2020-12 with our own words for labels in Chinese and for pickers. */
export interface JsonSchema {
  type?: string | string[]
  title?: string
  description?: string
  default?: unknown
  enum?: (string | number)[]
  format?: string
  minimum?: number
  maximum?: number
  writeOnly?: boolean
  items?: JsonSchema
  properties?: Record<string, JsonSchema>
  required?: string[]
  anyOf?: JsonSchema[]
  $ref?: string
  $defs?: Record<string, JsonSchema>
  'x-title-zh'?: string
  'x-description-zh'?: string
  'x-picker'?: string
  'x-group'?: string
  [extension: string]: unknown
}
