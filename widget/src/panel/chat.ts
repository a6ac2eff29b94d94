import { isColor, textOn } from '../common/contrast'
import type { ToPanel } from '../common/messages'
import type { Host } from './host'
import type { Answer, Bye, Hello, LogEvent, Message, Site, Wish } from './model'
import { Outbox, type Draft, type Outgoing } from './outbox'
import { NoAnswer, Sio } from './sio'
import { begun, type State } from './state'
import { merge, unread, unreported, withStatus } from './timeline'
import { Typing, type TypingNotice } from './typing'
import type { Access, Uploads } from './extras/uploads'

type Extras = typeof import('./extras')

const MOST_FILES = 10 // the server takes no more in one message
const PAGE = 50 // messages the server sends at once
const URLS_LAST = 4 * 60_000 // the server signs addresses of files for five minutes

/** The chat of one page: connection, messages, what is on its way, what is unread. */
export class Chat {
  state: State
  /** Called after each change; the view draws anew. */
  onChange?: () => void
  readonly outbox: Outbox
  /** Parts that are loaded when they are wanted, and the files that need them. */
  extras: Extras | null = null
  uploads: Uploads | null = null
  readonly typing: Typing
  private readonly sio: Sio
  private token: string | undefined
  private identity: string | null
  private visitor: string | null = null
  private cursor: string | null = null
  private readUpTo = 0
  private toldUpTo = 0 // on this connection: what was said on a lost one may be lost
  private urlsAt = 0
  private askedIdentity = false

  constructor(private readonly host: Host) {
    const { saved, identity, open } = host.start
    this.token = saved.token
    this.identity = identity
    this.state = begun(open)
    this.outbox = new Outbox(saved, {
      save: (name, value) => this.save(name, value),
      send: (item) => this.send(item),
      onSent: (message) => this.sent(message),
      onChange: () => this.change({}),
    })
    this.sio = new Sio({
      url: location.origin,
      namespace: '/visitor',
      auth: () => this.introduction(),
      onEvent: (name, data) => this.hear(name, data),
      onLost: () => this.state.phase === 'refused' || this.change({ phase: 'offline', typing: null }),
    })
    this.typing = new Typing(
      (typing) => this.sio.emit('typing', { typing }),
      (typing) => this.change({ typing }),
    )
    host.listen((message) => this.fromHost(message))
    document.addEventListener('visibilitychange', () => this.markRead())
    this.sio.start()
  }

  /** Write: shown at once, sent when it can be. The wish goes with the first message of a conversation. */
  say(text: string, contact: Pick<Draft, 'name' | 'email'>): void {
    const files = this.uploads?.ready ?? []
    if (!text.trim() && !files.length) return
    this.outbox.add({ ...contact, text: text.trim(), files, wish: this.canChoose ? this.state.wish : null })
    this.uploads?.clear()
    this.typing.stop()
  }

  /** Whether the visitor is about to begin a conversation, and may say with whom. */
  get canChoose(): boolean {
    const { talk } = this.state
    return (!talk || talk.state === 'closed') && !this.outbox.items.length
  }

  /** Add files to the message that is being written. */
  async attach(given: FileList | null | undefined): Promise<void> {
    const { site } = this.state
    const files = Array.from(given ?? []) // a copy: the browser empties its own
    if (!site || !files.length) return
    await this.want()
    this.uploads?.add(files, site.max_file_bytes, MOST_FILES)
  }

  choose(wish: Wish | null): void {
    this.change({ wish })
  }

  keepDraft(text: string): void {
    this.save('draft', text || null)
  }

  /** Load older messages. */
  async more(): Promise<void> {
    const [first] = this.state.messages
    if (!first || this.state.loading) return
    this.change({ loading: true })
    await this.fetch(first.n).catch(() => undefined)
    this.change({ loading: false })
  }

  get urlsAreOld(): boolean {
    return Date.now() - this.urlsAt > URLS_LAST
  }

  /** The address of a file as the server signs it now, or null. */
  async freshUrl(message: Message, fileId: string): Promise<string | null> {
    await this.fetch(message.n + 1).catch(() => undefined)
    const now = this.state.messages.find(({ id }) => id === message.id)
    return now?.attachments.find(({ id }) => id === fileId)?.url ?? null
  }

  close(): void {
    this.host.post({ type: 'close' })
  }

  private async want(): Promise<void> {
    if (this.extras) return
    const extras = await import('./extras').catch(() => null) // no network: the next greeting tries again
    if (!extras || this.extras) return
    this.extras = extras
    const access = (): Access | null => (this.token ? { token: this.token, site: this.host.start.site } : null)
    this.uploads = new extras.Uploads(access, () => this.change({}))
    this.change({})
  }

  private introduction(): unknown {
    const { token = null, identity, cursor } = this
    const { start, origin } = this.host
    return { site: start.site, page: start.page, locale: document.documentElement.lang, origin, token, identity, cursor }
  }

  private fromHost(message: ToPanel): void {
    switch (message.type) {
      case 'shown':
        this.change({ open: message.open })
        return this.markRead()
      case 'page':
        this.host.start.page = message.page
        this.sio.emit('page', message.page)
        return
      case 'identify':
        this.identity = message.identity
        return this.begin()
      case 'reset':
        return this.reset()
    }
  }

  private reset(): void {
    this.token = undefined
    this.identity = null
    this.outbox.clear()
    this.uploads?.clear()
    this.change({ messages: [], talk: null, hasMore: false, wish: null, epoch: this.state.epoch + 1 })
    this.begin()
  }

  private begin(): void {
    this.cursor = null
    this.change({ phase: 'connecting', refusal: null })
    this.sio.restart()
  }

  private hear(name: string, data: unknown): void {
    switch (name) {
      case 'hello':
        return this.greet(data as Hello)
      case 'event':
        return this.follow(data as LogEvent)
      case 'typing':
        return this.typing.show(data as TypingNotice)
      case 'bye':
        return this.leave(data as Bye)
      case 'resync':
        return this.sio.restart()
    }
  }

  private greet(hello: Hello): void {
    const isOther = this.visitor !== null && this.visitor !== hello.visitor_id
    const anew = this.cursor === null || hello.resync || isOther
    if (isOther) this.readUpTo = 0
    this.toldUpTo = 0
    this.visitor = hello.visitor_id
    this.cursor = hello.cursor
    this.urlsAt = Date.now()
    this.askedIdentity = false
    if (hello.token) this.save('token', (this.token = hello.token))
    const { site, conversation: talk, messages } = hello
    this.change({
      phase: 'online', site, talk,
      messages: anew ? messages : merge(this.state.messages, messages),
      hasMore: anew ? messages.length >= PAGE : this.state.hasMore,
    })
    this.look(site)
    if (site.choice.length || !site.online) void this.want()
    this.sio.settled()
    this.arrived(messages)
    this.outbox.kick()
  }

  private look({ color, position }: Site): void {
    if (isColor(color)) this.host.post({ type: 'look', look: { color, text: textOn(color), position } })
  }

  private follow(event: LogEvent): void {
    if (event.prev !== this.cursor) return this.sio.restart() // something between is missing: the greeting brings it
    this.cursor = event.cursor
    switch (event.type) {
      case 'message.added':
        if (event.data.direction === 'out') this.answered()
        this.change({ messages: merge(this.state.messages, [event.data]) })
        return this.arrived([event.data])
      case 'message.changed':
        this.change({ messages: withStatus(this.state.messages, event.data.id, event.data.status) })
        return this.tellUnread()
      case 'conversation.changed':
        // An older conversation may change, too; what is shown is the newest.
        if (!this.state.talk || event.data.id >= this.state.talk.id) this.change({ talk: event.data })
    }
  }

  /** Whoever answers is there, whatever the greeting said. */
  private answered(): void {
    const { site } = this.state
    this.change({ typing: null, site: site && { ...site, online: true } })
  }

  private arrived(messages: Message[]): void {
    for (const { client_key } of messages) if (client_key) this.outbox.remove(client_key)
    if (messages.some(({ attachments }) => attachments.length)) void this.want()
    const ids = unreported(messages)
    if (ids.length) this.sio.emit('seen', { message_ids: ids })
    this.save('talk', this.state.messages.length ? '1' : null)
    this.markRead()
  }

  private sent(message: Message): void {
    this.change({ messages: merge(this.state.messages, [message]) })
    this.save('talk', '1')
  }

  private leave({ code, retry }: Bye): void {
    if (retry) return // the server hangs up by itself, and we come back
    this.change({ phase: 'refused', refusal: code })
    this.sio.stop()
    if (code === 'bad_identity' && !this.askedIdentity) {
      this.askedIdentity = true
      this.host.post({ type: 'identity' })
    }
  }

  private async send({ key, text, files, wish, name, email }: Outgoing): Promise<Answer<{ message: Message }> | undefined> {
    if (this.state.phase !== 'online') throw new NoAnswer()
    const about = { ...(wish && { wish }), ...(name && { name }), ...(email && { email }) }
    try {
      const said = { client_key: key, text, files: files.map(({ id }) => id), ...about }
      return (await this.sio.ask('send', said)) as Answer<{ message: Message }> | undefined
    } catch (error) {
      if (this.sio.connected) this.sio.restart() // it answers nothing: the line is dead without knowing
      throw error
    }
  }

  private async fetch(before: number): Promise<void> {
    const answer = (await this.sio.ask('history', { before })) as Answer<{ messages: Message[]; has_more: boolean }>
    if (!answer.ok) return
    const [oldest] = this.state.messages
    const hasMore = oldest && before > oldest.n ? this.state.hasMore : answer.has_more
    this.change({ messages: merge(this.state.messages, answer.messages), hasMore })
  }

  /** What is on the screen of an open panel in a visible page counts as read, and nothing else. */
  private markRead(): void {
    const { messages, open, phase } = this.state
    const last = messages[messages.length - 1]
    if (last && open && !document.hidden) this.readUpTo = last.n
    const news = unread(messages, this.toldUpTo).some(({ n }) => n <= this.readUpTo)
    if (news && phase === 'online' && this.sio.emit('read', { n: this.readUpTo })) this.toldUpTo = this.readUpTo
    this.tellUnread()
  }

  private tellUnread(): void {
    this.host.post({ type: 'unread', count: unread(this.state.messages, this.readUpTo).length })
  }

  private save(name: string, value: string | null): void {
    this.host.post({ type: 'save', name, value })
  }

  private change(what: Partial<State>): void {
    this.state = { ...this.state, ...what }
    this.onChange?.()
  }
}
