import type { ToPanel } from '../common/messages'
import type { Host } from './host'
import type { Words } from './i18n/words'
import type { Answer, Bye, Contact, Hello, LogEvent, Message, Site, Standing } from './model'
import { Outbox, UNKNOWN, type Outgoing } from './outbox'
import { NoAnswer, Sio } from './sio'
import { begun, hasConsent, nobody, type State } from './state'
import { merge, unread, unreported, withStatus } from './timeline'
import { Typing, type TypingNotice } from './typing'
import type { Uploads } from './parts/uploads'

/** What many chats never need: loaded when it is wanted. */
const PARTS = {
  extras: () => import('./extras'),
  forms: () => import('./forms'),
  menu: () => import('./menu'),
  rating: () => import('./rating'),
  sound: () => import('./sound'),
  invite: () => import('./invite'),
}
type Parts = { [Name in keyof typeof PARTS]: Awaited<ReturnType<(typeof PARTS)[Name]>> }

const PAGE = 50 // messages the server sends at once
const ASK_AGAIN = 15_000 // milliseconds between questions who will answer

/** The chat of one page: connection, messages, what is on its way, what is unread. */
export class Chat {
  state: State
  /** Called after each change; the view draws anew. */
  onChange?: () => void
  readonly outbox: Outbox
  words!: Words
  uploads: Uploads | null = null
  /** What the visitor typed of himself. */
  who: Partial<Contact> = {}
  /** Others who hear what the host's page says. */
  readonly listeners = new Set<(message: ToPanel) => void>()
  private readonly loaded: Partial<Parts> = {}
  private readonly loading: Partial<Record<keyof Parts, Promise<unknown>>> = {}
  readonly typing: Typing
  private readonly sio: Sio
  token: string | undefined
  private identity: string | null
  private visitor: string | null = null
  private cursor: string | null = null
  private readUpTo = 0
  private toldUpTo = 0 // on this connection: what was said on a lost one may be lost
  /** When the server signed the addresses of files last. */
  urlsAt = 0
  private askedIdentity = false

  constructor(
    readonly host: Host,
    site: Site,
  ) {
    const { saved, identity, open } = host.start
    this.token = saved.token
    this.identity = identity
    this.state = begun(site, open, saved)
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
    setInterval(() => this.ask(), ASK_AGAIN)
    this.begin()
    if (site.invitations.length && !open && !saved.talk) void this.load('invite').then((part) => part?.watch(this))
  }

  /** A part, undefined until it is there. */
  part<Name extends keyof Parts>(name: Name): Parts[Name] | undefined {
    void this.load(name)
    return this.loaded[name]
  }

  /** Load a part. Without a network it is tried again when it is next wanted. */
  async load<Name extends keyof Parts>(name: Name): Promise<Parts[Name] | undefined> {
    await (this.loading[name] ??= PARTS[name]().then(
      (part) => {
        this.loaded[name] = part as Parts[Name]
        this.change({})
      },
      () => delete this.loading[name],
    ))
    return this.loaded[name]
  }

  /** Write: shown at once, sent when it can be. The wish goes with the first message of a conversation. */
  say(text: string): void {
    const files = this.uploads?.ready ?? []
    if (!text.trim() && !files.length) return
    this.outbox.add({ who: this.who, text: text.trim(), files, wish: this.canChoose ? this.state.wish : null })
    this.uploads?.clear()
    this.typing.stop()
  }

  /** Whether the visitor is about to begin a conversation, and may say with whom. */
  get canChoose(): boolean {
    const { talk } = this.state
    return (!talk || talk.state === 'closed') && !this.outbox.items.length
  }

  /** Whether he is asked who he is, too. */
  get asks(): boolean {
    const { site } = this.state
    return (this.canChoose || this.outbox.items.some(({ failed }) => failed === UNKNOWN)) && (site.asks || (!site.online && site.offline_contact !== 'off'))
  }

  /** Add files to the message that is being written. */
  async attach(given: FileList | null | undefined): Promise<void> {
    const files = Array.from(given ?? []) // a copy: the browser empties its own
    if (files.length) (await this.load('extras'))?.attach(this, files)
  }

  showMenu(menu: boolean): void {
    this.change({ menu })
  }

  setSound(sound: boolean): void {
    this.change({ sound })
    this.save('silent', sound ? null : '1')
  }

  /** How the launcher looks and what it is called; kept for the next page, once something may be kept. */
  tellLook(): void {
    const { words } = this
    const { site, agreed } = this.state
    const look = { css: site.launcher, open: words.t('open'), close: words.t('close'), panel: words.t('chat'), unread: words.t('unread', { n: '{n}' }) }
    this.host.post({ type: 'look', look })
    if (agreed) this.save('look', JSON.stringify(look))
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

  close(): void {
    this.host.post({ type: 'close' })
  }

  /** Ask something beside talking. Null where no answer came. */
  async request(name: string, data: object): Promise<Answer<Record<string, unknown>> | null> {
    return this.sio.ask(name, data).catch(() => null) as Promise<Answer<Record<string, unknown>> | null>
  }

  /** While the visitor looks and has the last word: who will answer, when, and whether it was read. */
  private ask(now = false): void {
    const { open, messages, talk } = this.state
    const waits = open && !document.hidden && talk?.state === 'open' && messages[messages.length - 1]?.direction === 'in'
    if (now || waits) void this.request('standing', {}).then((standing) => standing?.ok && this.stand(standing as never))
  }

  private stand(standing: Standing): void {
    this.change({ standing, site: { ...this.state.site, online: standing.online } })
  }

  private introduction(): unknown {
    const { token = null, identity, cursor } = this
    const { start, origin } = this.host
    return { site: start.site, page: start.page, locale: document.documentElement.lang, origin, token, identity, cursor }
  }

  private fromHost(message: ToPanel): void {
    this.listeners.forEach((hear) => hear(message))
    switch (message.type) {
      case 'shown':
        this.change({ open: message.open })
        this.ask()
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
    this.who = {}
    const { site, epoch } = this.state
    this.change({ ...nobody(site), agreed: !hasConsent(site), epoch: epoch + 1 })
    this.begin()
  }

  /** Agree to what the site says, and begin. */
  agree(): void {
    this.change({ agreed: true })
    this.save('consent', '1')
    this.begin()
  }

  private begin(): void {
    this.cursor = null
    this.sio.stop()
    this.change({ phase: 'connecting', refusal: null })
    if (this.state.agreed && this.host.origin) this.sio.start()
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
    const { site, standing, contact, conversation: talk, messages } = hello
    this.change({
      phase: 'online', site, standing, contact, talk,
      messages: anew ? messages : merge(this.state.messages, messages),
      hasMore: anew ? messages.length >= PAGE : this.state.hasMore,
    })
    this.sio.settled()
    this.arrived(messages)
    this.outbox.kick()
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
        if (!this.state.talk || event.data.id >= this.state.talk.id) {
          const before = this.state.talk
          this.change({ talk: event.data })
          if (before?.assigned !== event.data.assigned || before.state !== event.data.state) this.ask(true)
        }
    }
  }

  /** Whoever answers is there, whatever the greeting said. */
  private answered(): void {
    const { site, sound, open, standing } = this.state
    this.change({ typing: null, site: { ...site, online: true }, standing: standing && { ...standing, place: null } })
    if (site.sound && sound && !(open && document.hasFocus())) void this.load('sound').then((part) => part?.ring())
  }

  private arrived(messages: Message[]): void {
    for (const { client_key } of messages) if (client_key) this.outbox.remove(client_key)
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

  private async send({ key, text, files, wish, who }: Outgoing): Promise<Answer<{ message: Message }> | undefined> {
    if (this.state.phase !== 'online') throw new NoAnswer()
    try {
      const said = { client_key: key, text, files: files.map(({ id }) => id), ...(wish && { wish }), ...who }
      const answer = (await this.sio.ask('send', said)) as Answer<{ message: Message }> | undefined
      if (answer && !answer.ok && answer.code === UNKNOWN) this.sio.restart() // the greeting says what is asked now
      return answer
    } catch (error) {
      if (this.sio.connected) this.sio.restart() // it answers nothing: the line is dead without knowing
      throw error
    }
  }

  /** Messages with smaller numbers, as they stand now. */
  async fetch(before: number): Promise<void> {
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

  save(name: string, value: string | null): void {
    this.host.post({ type: 'save', name, value })
  }

  change(what: Partial<State>): void {
    this.state = { ...this.state, ...what }
    this.onChange?.()
  }
}
