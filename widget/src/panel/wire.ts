/** Packets of Socket.IO 5 in Engine.IO 4 (https://socket.io/docs/v4/socket-io-protocol/), text only. Pure. */

export type Packet =
  | { kind: 'open'; silence: number }
  | { kind: 'ping' }
  | { kind: 'connect' }
  | { kind: 'refused' }
  | { kind: 'end' }
  | { kind: 'event'; name: string; data: unknown }
  | { kind: 'ack'; id: number; data: unknown }

const MESSAGE = /^4([0-4])(?:\/[^,]*,)?(\d*)(.*)$/s

/** What one frame says; null for what this client has no use for. `silence`: milliseconds after which the server is gone. */
export function parse(frame: string): Packet | null {
  if (frame[0] === '0') {
    const { pingInterval, pingTimeout } = JSON.parse(frame.slice(1)) as { pingInterval: number; pingTimeout: number }
    return { kind: 'open', silence: pingInterval + pingTimeout }
  }
  if (frame[0] === '1') return { kind: 'end' }
  if (frame[0] === '2') return { kind: 'ping' }
  const [, type, id, body] = MESSAGE.exec(frame) ?? []
  switch (type) {
    case '0':
      return { kind: 'connect' }
    case '1':
      return { kind: 'end' }
    case '2': {
      const [name, data] = JSON.parse(body!) as [string, unknown]
      return { kind: 'event', name, data }
    }
    case '3':
      return { kind: 'ack', id: Number(id), data: (JSON.parse(body!) as unknown[])[0] }
    case '4':
      return { kind: 'refused' }
    default:
      return null
  }
}

export const PONG = '3'

export const connectFrame = (namespace: string, auth: unknown): string => `40${namespace},${JSON.stringify(auth)}`

export const eventFrame = (namespace: string, name: string, data: unknown, id?: number): string =>
  `42${namespace},${id ?? ''}${JSON.stringify([name, data])}`
