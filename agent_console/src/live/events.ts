import type {
  AccountView,
  Channel,
  ConversationView,
  Counts,
  CustomerView,
  Delivery,
  DeliveryState,
  Id,
  MessageView,
  NotificationView,
  OfferView,
  Presence,
  QueueView,
  TicketView,
} from '../api/types'
import type { Preferences } from '../lib/preferences'

interface Stamped {
  cursor: string
  prev?: string | null
}

/** What the event log says, by type. Types this console does not know are passed over. */
export type HubEvent =
  | { type: 'conversation.created'; data: { conversation: ConversationView; message?: MessageView } }
  | { type: 'conversation.changed'; data: { conversation: ConversationView } }
  | { type: 'conversation.moved'; data: { conversation: ConversationView } }
  | { type: 'conversation.appeared'; data: { conversation: ConversationView } }
  | { type: 'conversation.read'; data: { conversation_id: Id; n: number; mentioned?: boolean } }
  | { type: 'conversation.vanished'; data: { conversation?: { id: Id }; conversation_id?: Id; id?: Id } }
  | { type: 'message.added'; data: { conversation?: ConversationView; message: MessageView } }
  | { type: 'message.changed'; data: MessageChange }
  | { type: 'message.removed'; data: { conversation_id: Id; message_id: Id; n: number } }
  | { type: 'customer.changed'; data: { customer: CustomerView } }
  | { type: 'opt_out.changed'; data: { channel: Channel; address: string } }
  | { type: 'ticket.changed'; data: { ticket: TicketView } }
  | { type: 'account.changed'; data: { account: AccountView } }
  | { type: 'queue.changed'; data: { queue: QueueView } }
  | { type: 'calendar.changed'; data: { calendar: { id: Id } } }
  | { type: 'user.changed' | 'role.changed' | 'team.changed'; data: { id: Id } }
  | { type: 'caller.changed'; data: { user_id: Id } }
  | { type: 'presence.changed'; data: Partial<Presence> & Pick<Presence, 'user_id' | 'state'> }
  | { type: 'draft.changed'; data: { conversation_id: Id; mode: 'reply' | 'note'; revision: number; draft: object | null; other?: boolean } }
  | { type: 'tag.changed'; data: { tag_id: Id } }
  | { type: 'view.changed'; data: { view_id: Id } }
  | { type: 'offer.made'; data: { offer: OfferView } }
  | { type: 'offer.ended'; data: { id: Id; conversation_id: Id; outcome: string } }
  | { type: 'preferences.changed'; data: { preferences: Preferences } }
  | { type: 'notification.read'; data: { unread: number } }
  | { type: 'notification.added'; data: { notification: NotificationView } }
  | { type: 'resync'; data?: unknown }

export type LiveEvent = HubEvent & Stamped

export interface MessageChange {
  conversation_id: Id
  message_id: Id
  n?: number
  status: DeliveryState | null
  status_detail?: string
  failure?: MessageView['failure']
  deliveries?: Delivery[]
}

/** What may be lost: typing, viewing; and how many conversations the lists hold, as far as it changed. */
export type Notice =
  | { topic: 'typing'; data: { conversation_id: Id; typing: boolean; user_id?: Id | null; name?: string } }
  | { topic: 'viewing'; data: { conversation_id: Id; viewing: boolean; user_id: Id; name?: string } }
  | { topic: 'presence'; data: Partial<Presence> & Pick<Presence, 'user_id' | 'state'> }
  | { topic: 'counts'; data: Partial<Counts> }
