import { connectFrame, eventFrame, parse, PONG, type Packet } from './wire'

export interface SioOptions {
  url: string
  namespace: string
  /** Asked anew for each connection. */
  auth(): unknown
  onEvent(name: string, data: unknown): void
  /** The connection is lost; the next try comes by itself. */
  onLost(): void
}

const FIRST_WAIT = 500 // milliseconds; doubled with each try, with jitter
const LONGEST_WAIT = 15_000
const TO_CONNECT = 10_000

/** An answer did not come: the connection was lost, or is too slow. What was asked may have been done. */
export class NoAnswer extends Error {}

type Waiting = { resolve(data: unknown): void; reject(error: Error): void; timer: number }

/** A small Socket.IO client for one namespace over one websocket; it comes back by itself until `stop`. */
export class Sio {
  /** The namespace let us in. */
  connected = false
  private ws: WebSocket | null = null
  private stopped = true
  private tries = 0
  private nextId = 0
  private silence = TO_CONNECT
  private declare heardAt: number
  private watch = 0
  private again = 0
  private readonly asked = new Map<number, Waiting>()

  constructor(private readonly options: SioOptions) {
    addEventListener('online', () => this.hurry())
    addEventListener('offline', () => this.lose())
    document.addEventListener('visibilitychange', () => document.hidden || this.hurry())
  }

  start(): void {
    this.stopped = false
    this.tries = 0
    this.connect()
  }

  stop(): void {
    this.stopped = true
    this.lose()
  }

  /** Begin anew at once, with fresh `auth`. */
  restart(): void {
    this.stop()
    this.start()
  }

  /** The server greeted us: the next loss is tried again soon. */
  settled(): void {
    this.tries = 0
  }

  /** Returns false, and says nothing, while there is no connection. */
  emit(name: string, data: unknown): boolean {
    if (this.connected) this.ws?.send(eventFrame(this.options.namespace, name, data))
    return this.connected
  }

  /** The server's answer; rejects with `NoAnswer`. */
  ask(name: string, data: unknown, within = 12_000): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (!this.connected) return reject(new NoAnswer())
      const id = this.nextId++
      const timer = window.setTimeout(() => {
        this.asked.delete(id)
        reject(new NoAnswer())
      }, within)
      this.asked.set(id, { resolve, reject, timer })
      this.ws?.send(eventFrame(this.options.namespace, name, data, id))
    })
  }

  private connect(): void {
    clearTimeout(this.again)
    const ws = new WebSocket(`${this.options.url.replace(/^http/, 'ws')}/socket.io/?EIO=4&transport=websocket`)
    this.ws = ws
    this.silence = TO_CONNECT
    this.listen()
    ws.onmessage = (event: MessageEvent<string>) => {
      this.listen()
      const packet = parse(event.data)
      if (packet) this.take(ws, packet)
    }
    ws.onclose = () => this.lose()
  }

  private take(ws: WebSocket, packet: Packet): void {
    switch (packet.kind) {
      case 'open':
        this.silence = packet.silence
        return ws.send(connectFrame(this.options.namespace, this.options.auth()))
      case 'ping':
        return ws.send(PONG)
      case 'connect':
        this.connected = true
        return
      case 'event':
        return this.options.onEvent(packet.name, packet.data)
      case 'ack': {
        const waiting = this.asked.get(packet.id)
        this.asked.delete(packet.id)
        clearTimeout(waiting?.timer)
        return waiting?.resolve(packet.data)
      }
      case 'refused':
      case 'end':
        return this.lose()
    }
  }

  /** A server that says nothing for longer than it promised is gone. */
  private listen(): void {
    this.heardAt = Date.now()
    clearTimeout(this.watch)
    this.watch = window.setTimeout(() => this.lose(), this.silence)
  }

  private lose(): void {
    const ws = this.ws
    this.ws = null
    this.connected = false
    clearTimeout(this.watch)
    clearTimeout(this.again)
    if (ws) {
      ws.onmessage = ws.onclose = null
      ws.close()
    }
    for (const { reject, timer } of this.asked.values()) {
      clearTimeout(timer)
      reject(new NoAnswer())
    }
    this.asked.clear()
    if (!this.stopped) this.again = window.setTimeout(() => this.connect(), this.wait())
    if (ws) this.options.onLost()
  }

  private wait(): number {
    return Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.tries++) * (0.5 + Math.random())
  }

  private hurry(): void {
    if (Date.now() - this.heardAt > this.silence) this.lose() // timers stand still while a machine sleeps
    if (this.stopped || this.ws) return
    this.tries = 0
    this.connect()
  }
}
