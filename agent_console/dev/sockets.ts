import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocket, WebSocketServer } from 'ws'

import type { FakeHub } from './fake'

/** The /agent namespace of the hub in memory. */
export class Sockets {
  private readonly server = new WebSocketServer({ noServer: true })

  constructor(private readonly hub: FakeHub) {}

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.server.handleUpgrade(request, socket, head, (client) => this.greet(client))
  }

  private greet(client: WebSocket): void {
    client.send('0' + JSON.stringify({ sid: crypto.randomUUID(), pingInterval: 20_000, pingTimeout: 20_000, upgrades: [], maxPayload: 1e6 }))
    const ping = setInterval(() => client.send('2'), 20_000)
    let forget = (): void => {}
    client.on('close', () => (clearInterval(ping), forget()))
    client.on('message', (raw) => {
      if (!String(raw).startsWith('40')) return
      client.send('40/agent,' + JSON.stringify({ sid: crypto.randomUUID() }))
      const say = (name: string, data: unknown): void => client.send('42/agent,' + JSON.stringify([name, data]))
      let prev = this.hub.cursor
      say('hello', { cursor: prev, user_id: this.hub.me.id, resync: true })
      forget = this.hub.subscribe((name, data) => {
        say(name, name === 'event' ? { ...(data as object), prev } : data)
        if (name === 'event') prev = (data as { cursor: string }).cursor
      })
    })
  }
}
