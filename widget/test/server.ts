/** A WebSocket whose other end is the test: it plays recorded frames and reads what the client says. */
export class FakeSocket {
  static all: FakeSocket[] = []
  static get last(): FakeSocket {
    return FakeSocket.all[FakeSocket.all.length - 1]!
  }
  onmessage: ((event: { data: string }) => void) | null = null
  onclose: (() => void) | null = null
  sent: string[] = []
  closed = false

  constructor(readonly url: string) {
    FakeSocket.all.push(this)
  }
  send(frame: string): void {
    this.sent.push(frame)
  }
  close(): void {
    this.closed = true
  }

  /** The server says something. */
  says(...frames: string[]): void {
    for (const data of frames) this.onmessage?.({ data })
  }
  event(name: string, data: unknown): void {
    this.says(`42/visitor,${JSON.stringify([name, data])}`)
  }
  /** The connection breaks. */
  breaks(): void {
    this.onclose?.()
  }
  /** What the client sent as events: name, data, and the number of the acknowledgement it waits for. */
  get events(): { name: string; data: any; id: string }[] {
    return this.sent.flatMap((frame) => {
      const [, id, body] = /^42\/visitor,(\d*)(.*)$/s.exec(frame) ?? []
      if (!body) return []
      const [name, data] = JSON.parse(body)
      return [{ name, data, id: id! }]
    })
  }
  asked(name: string): { name: string; data: any; id: string }[] {
    return this.events.filter((event) => event.name === name)
  }
  answers(id: string, data: unknown): void {
    this.says(`43/visitor,${id}${JSON.stringify([data])}`)
  }
  /** Let the client in, as recorded from a hub. */
  opens(): void {
    this.says(
      '0{"sid":"yTt9","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":65536}',
      '40/visitor,{"sid":"Ab3"}',
    )
  }
}

/** Lets promises that are already settled run their course. */
export const settle = async (): Promise<void> => {
  for (let i = 0; i < 10; i++) await Promise.resolve()
}
