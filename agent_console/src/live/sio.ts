/**
 * A small client for Socket.IO protocol 5 over one WebSocket (Engine.IO 4): one namespace with auth, events and acknowledgements both ways,
 * heartbeat watch, reconnect with back-off and jitter. JSON only, no polling. This file imports nothing.
 *
 * https://socket.io/docs/v4/engine-io-protocol/ and https://socket.io/docs/v4/socket-io-protocol/
 */

type Handler = (...values: never[]) => void
type Acknowledge = (...values: unknown[]) => void

export interface SioOptions {
  namespace: string
  /** Asked anew at every connection, so that it may hold the newest cursor. */
  auth: () => unknown
  /** Milliseconds. */
  shortestPause?: number
  longestPause?: number
}

const PACKET = { connect: 0, disconnect: 1, event: 2, ack: 3, connectError: 4 } as const
const FIRST_BEAT = 45_000 // until the server has told its own interval

export class Sio {
  connected = false
  private socket?: WebSocket
  private handlers = new Map<string, Handler[]>()
  private acknowledgements = new Map<number, Acknowledge>()
  private lastAcknowledgement = 0
  private attempts = 0
  private beat = FIRST_BEAT
  private watch?: ReturnType<typeof setTimeout>
  private pause?: ReturnType<typeof setTimeout>
  private closed = false
  private heardAt = 0 // by the clock on the wall: timers stand still while a machine sleeps

  /** `url` is http(s)://host or ws(s)://host; connecting starts at once. */
  constructor(
    private readonly url: string,
    private readonly options: SioOptions,
  ) {
    this.open()
  }

  /** `connect`, `disconnect`, `connect_error`, or an event of the server. A trailing function in an event's values is its acknowledgement. */
  on(name: string, handler: Handler): this {
    this.handlers.set(name, [...(this.handlers.get(name) ?? []), handler])
    return this
  }

  /** Dropped when there is no connection: whoever needs certainty uses `request`. */
  emit(name: string, value?: unknown): void {
    if (this.connected) this.write(PACKET.event, [name, ...(value === undefined ? [] : [value])])
  }

  /** Sends and waits for the acknowledgement; rejects after `timeout` milliseconds or without a connection. */
  request<T>(name: string, value?: unknown, timeout = 10_000): Promise<T> {
    if (!this.connected) return Promise.reject(new Error('not connected'))
    const id = ++this.lastAcknowledgement
    return new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => (this.acknowledgements.delete(id), reject(new Error('timeout'))), timeout)
      this.acknowledgements.set(id, (answer) => (clearTimeout(timer), resolve(answer as T)))
      this.write(PACKET.event, [name, ...(value === undefined ? [] : [value])], id)
    })
  }

  /** Try again at once instead of waiting out the pause (the network is back, the page is visible again). */
  hurry(): void {
    if (this.connected && Date.now() - this.heardAt > this.beat) this.bury()
    if (this.closed || this.connected || this.socket?.readyState === WebSocket.CONNECTING) return
    this.attempts = 0
    clearTimeout(this.pause)
    this.open()
  }

  close(): void {
    this.closed = true
    clearTimeout(this.pause)
    clearTimeout(this.watch)
    this.socket?.close()
  }

  private open(): void {
    if (this.closed) return
    const socket = new WebSocket(this.url.replace(/^http/, 'ws') + '/socket.io/?EIO=4&transport=websocket')
    this.socket = socket
    socket.onmessage = (event) => socket === this.socket && typeof event.data === 'string' && this.read(event.data)
    socket.onclose = () => socket === this.socket && this.lost()
    this.listenForLife()
  }

  private lost(): void {
    clearTimeout(this.watch)
    const was = this.connected
    this.connected = false
    this.acknowledgements.clear()
    if (was) this.fire('disconnect')
    if (this.closed) return
    const { shortestPause = 500, longestPause = 15_000 } = this.options
    const pause = Math.min(longestPause, shortestPause * 2 ** this.attempts++) * (0.5 + Math.random())
    this.pause = setTimeout(() => this.open(), pause)
  }

  private listenForLife(): void {
    clearTimeout(this.watch)
    this.heardAt = Date.now()
    this.watch = setTimeout(() => this.bury(), this.beat)
  }

  private bury(): void {
    const dead = this.socket
    this.socket = undefined // a dead connection may take minutes to say `close`
    dead?.close()
    this.lost()
  }

  private read(text: string): void {
    this.listenForLife()
    switch (text[0]) {
      case '0': {
        const hello = JSON.parse(text.slice(1)) as { pingInterval: number; pingTimeout: number }
        this.beat = hello.pingInterval + hello.pingTimeout
        return this.write(PACKET.connect, this.options.auth())
      }
      case '2':
        return this.socket?.send('3')
      case '4':
        return this.packet(text.slice(1))
    }
  }

  private packet(text: string): void {
    const parts = /^(\d)(?:(\/[^,]*),)?(\d+)?([^]*)$/.exec(text)
    if (!parts) return
    const id = parts[3] === undefined ? undefined : Number(parts[3])
    const payload: unknown = parts[4] ? JSON.parse(parts[4]) : undefined
    switch (Number(parts[1])) {
      case PACKET.connect:
        this.connected = true
        this.attempts = 0
        return this.fire('connect')
      case PACKET.disconnect:
        return this.socket?.close()
      case PACKET.connectError:
        this.fire('connect_error', payload)
        return this.socket?.close()
      case PACKET.event:
        return this.receive(payload as [string, ...unknown[]], id)
      case PACKET.ack:
        this.acknowledgements.get(id ?? -1)?.(...(payload as unknown[]))
        this.acknowledgements.delete(id ?? -1)
    }
  }

  private receive([name, ...values]: [string, ...unknown[]], id: number | undefined): void {
    if (id === undefined) return this.fire(name, ...values)
    this.fire(name, ...values, (...answer: unknown[]) => this.write(PACKET.ack, answer, id))
  }

  private write(type: number, payload: unknown, id?: number): void {
    const namespace = this.options.namespace === '/' ? '' : this.options.namespace + ','
    this.socket?.send(`4${type}${namespace}${id ?? ''}${JSON.stringify(payload ?? {})}`)
  }

  private fire(name: string, ...values: unknown[]): void {
    for (const handler of this.handlers.get(name) ?? []) (handler as Acknowledge)(...values)
  }
}
