import type {
  AccountView, Agent, ConversationView, CustomerView, Me, MessageView, OfferView, Presence, QueueView, RoleView, TeamView, TicketView, Upload, UserView,
} from '../src/api/types'
import * as data from './data'

type Listener = (name: string, data: unknown) => void

/** The state of the hub in memory, and its event log. */
export class FakeHub {
  latency = 60
  signedIn = true
  me: Me = data.me()
  agents: Agent[] = data.agents
  presence: Presence[] = data.presence()
  customers: CustomerView[] = data.customers()
  conversations: ConversationView[] = []
  messages = new Map<string, MessageView[]>()
  tickets: TicketView[] = data.tickets(this.customers)
  queues: QueueView[] = data.queues()
  accounts: AccountView[] = data.accounts()
  users: UserView[] = data.users()
  roles: RoleView[] = data.roles()
  teams: TeamView[] = data.teams()
  uploads = new Map<string, Upload>()
  offers: OfferView[] = []
  events: { cursor: string; type: string; data: unknown }[] = []
  private listeners = new Set<Listener>()
  private n = 1000

  constructor() {
    for (const { conversation, messages } of data.conversations(this.customers)) {
      this.conversations.push(conversation)
      this.messages.set(conversation.id, messages)
    }
  }

  get cursor(): string {
    return 'c' + this.events.length
  }

  subscribe(listener: Listener): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  announce(type: string, payload: unknown): void {
    const event = { cursor: 'c' + (this.events.length + 1), type, data: structuredClone(payload) }
    this.events.push(event)
    this.listeners.forEach((tell) => tell('event', event))
  }

  notice(topic: string, payload: unknown): void {
    this.listeners.forEach((tell) => tell('notice', { topic, data: payload }))
  }

  change(id: string, changes: Partial<ConversationView>): ConversationView {
    const conversation = this.conversations.find((one) => one.id === id)!
    Object.assign(conversation, changes, { version: conversation.version + 1, updated_at: new Date().toISOString() })
    this.announce('conversation.changed', { conversation: { ...conversation, unread: undefined } })
    return conversation
  }

  add(conversationId: string, message: Partial<MessageView> & Pick<MessageView, 'direction' | 'text'>): MessageView {
    const conversation = this.conversations.find((one) => one.id === conversationId)!
    const whole = data.message(conversation, { ...message, n: ++this.n })
    this.messages.get(conversationId)!.push(whole)
    const waiting = message.direction === 'in' ? 'us' : message.direction === 'out' ? 'customer' : conversation.waiting_for
    Object.assign(conversation, {
      version: conversation.version + 1,
      last_message_at: whole.created_at,
      last_direction: whole.direction,
      preview: whole.direction === 'note' ? conversation.preview : whole.text.slice(0, 120),
      waiting_for: waiting,
      waiting_since: waiting === conversation.waiting_for ? conversation.waiting_since : whole.created_at,
    })
    this.announce('message.added', { conversation: { ...conversation, unread: undefined }, message: whole })
    return whole
  }

  /** What a provider would say later about something sent. */
  report(message: MessageView, status: MessageView['status'], after: number): void {
    setTimeout(() => {
      message.status = status
      this.announce('message.changed', { conversation_id: message.conversation_id, message_id: message.id, status })
    }, after)
  }
}
