import { newKey } from './key'
import type { Answer, Contact, FileRef, Message, Wish } from './model'

/** A message on its way. `failed`: the server's code when it will not take it. */
export interface Outgoing {
  key: string
  text: string
  files: FileRef[]
  wish: Wish | null
  /** What the visitor said of himself with it. */
  who: Partial<Contact>
  at: string
  failed: string | null
}

/** The code of a refusal: what the server asks of the visitor was not said with the message. */
export const UNKNOWN = 'introduction_needed'

export type Draft = Omit<Outgoing, 'key' | 'at' | 'failed'>

export interface OutboxOptions {
  save(name: string, value: string | null): void
  /** Rejects when no answer came. */
  send(item: Outgoing): Promise<Answer<{ message: Message }> | undefined>
  onSent(message: Message): void
  onChange(): void
}

const NAME = 'out:'
const FIRST_WAIT = 1_000
const LONGEST_WAIT = 30_000

/**
 * What the visitor said and the server has not acknowledged. Each message keeps its key over all tries, so that the server
 * takes it once; it is kept in the host's storage until it is acknowledged. One at a time, so that the order holds.
 */
export class Outbox {
  items: Outgoing[]
  private busy = false
  private kicked = false
  private tries = 0
  private again = 0

  constructor(
    saved: Record<string, string>,
    private readonly options: OutboxOptions,
  ) {
    this.items = Object.keys(saved)
      .filter((name) => name.startsWith(NAME))
      .flatMap((name) => read(saved[name]!))
      .sort((a, b) => (a.at < b.at ? -1 : 1))
  }

  add(draft: Draft): void {
    const item: Outgoing = { ...draft, key: newKey(), at: new Date().toISOString(), failed: null }
    this.items = [...this.items, item]
    this.keep(item)
    this.kick()
  }

  /** Try a failed one once more, as the last, with what the visitor says of himself now. */
  retry(key: string, who: Partial<Contact>): void {
    const item = this.items.find((one) => one.key === key)
    if (!item) return
    const fresh = { ...item, who: { ...item.who, ...who }, failed: null }
    this.items = [...this.items.filter((one) => one !== item), fresh]
    this.keep(fresh)
    this.kick()
  }

  remove(key: string): void {
    this.options.save(NAME + key, null)
    if (!this.items.some((item) => item.key === key)) return
    this.items = this.items.filter((item) => item.key !== key)
    this.options.onChange()
  }

  clear(): void {
    for (const { key } of this.items) this.remove(key)
  }

  /** Send now what waits: the connection is there. */
  kick(): void {
    clearTimeout(this.again)
    this.tries = 0
    this.kicked = true
    void this.pump()
  }

  private async pump(): Promise<void> {
    const next = this.items.find((item) => !item.failed)
    if (this.busy || !next) return
    this.busy = true
    this.kicked = false
    const answer = await this.options.send(next).catch(() => undefined)
    this.busy = false
    if (answer?.ok) {
      this.tries = 0
      this.remove(next.key)
      this.options.onSent(answer.message)
    } else if (answer && !answer.retry) {
      this.fail(next, answer.code)
    } else if (!this.kicked) {
      const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.tries++) * (0.5 + Math.random())
      clearTimeout(this.again)
      this.again = window.setTimeout(() => void this.pump(), wait)
      return
    }
    void this.pump()
  }

  private fail(item: Outgoing, code: string): void {
    if (!this.items.some((one) => one.key === item.key)) return // it arrived after all
    const failed = { ...item, failed: code }
    this.items = this.items.map((one) => (one.key === item.key ? failed : one))
    this.keep(failed)
  }

  private keep(item: Outgoing): void {
    this.options.save(NAME + item.key, JSON.stringify(item))
    this.options.onChange()
  }
}

/** Whatever lies in the host's storage: a message if it looks like one. */
function read(text: string): Outgoing[] {
  try {
    const item = JSON.parse(text) as Outgoing
    const whole = typeof item.key === 'string' && typeof item.text === 'string' && typeof item.at === 'string'
    return whole && Array.isArray(item.files) ? [item] : []
  } catch {
    return []
  }
}
