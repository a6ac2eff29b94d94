import { useQueryClient, type InfiniteData } from '@tanstack/vue-query'
import { defineStore } from 'pinia'
import { computed, ref, toValue, watch, type MaybeRefOrGetter } from 'vue'

import { ApiError } from '../api/http'
import { hub } from '../api/hub'
import type { Id, MessageCreate, MessagePage, MessageView } from '../api/types'
import { keys } from '../live/keys'
import { addSent } from '../live/patch'
import { useSession } from '../session/store'

export interface Outgoing {
  clientKey: Id
  conversationId: Id
  /** Who sends it: on a shared machine nobody sends what another left. */
  by: Id
  body: MessageCreate
  /** As it is shown until the hub has it. */
  text: string
  files: { filename: string; size: number }[]
  state: 'sending' | 'failed' | 'overtaken'
  problem: unknown
  /** The colleague's answer that overtook it. */
  answer?: MessageView
  at: string
}

const KEPT = 'switchboard.outbox'
const PAUSES = [500, 1000, 2000, 2000, 4000, 8000] // milliseconds between tries while no answer comes

/**
 * What was sent but is not known to be stored. Every entry carries its client key, so that trying again can never send twice; entries outlive
 * a reload of the page. One that a colleague's newer answer overtook waits for a decision.
 */
export const useOutbox = defineStore('outbox', () => {
  const client = useQueryClient()
  const session = useSession()
  const entries = ref<Outgoing[]>(restored())
  const tell = new Map<Id, (message: MessageView) => void>()

  watch(entries, (now) => localStorage.setItem(KEPT, JSON.stringify(now)), { deep: true })
  const me = (): Id => session.me?.id ?? ''
  const of = (conversationId: MaybeRefOrGetter<Id>) => computed(() => entries.value.filter((entry) => entry.by === me() && entry.conversationId === toValue(conversationId)))

  function send(conversationId: Id, body: MessageCreate, files: Outgoing['files'], text = body.text, whenStored?: (message: MessageView) => void): void {
    if (whenStored) tell.set(body.client_key, whenStored)
    entries.value.push({ clientKey: body.client_key, conversationId, by: me(), body, text, files, state: 'sending', problem: null, at: new Date().toISOString() })
    void attempt(body.client_key)
  }

  /** Once more with the same key. `anyway`: although a colleague has answered meanwhile. */
  function retry(clientKey: Id, anyway = false): void {
    const entry = find(clientKey)
    if (!entry) return
    if (anyway) Object.assign(entry.body, { force: true })
    entry.state = 'sending'
    void attempt(clientKey)
  }

  function discard(clientKey: Id): void {
    entries.value = entries.value.filter((entry) => entry.clientKey !== clientKey)
    tell.delete(clientKey)
  }

  const find = (clientKey: Id): Outgoing | undefined => entries.value.find((entry) => entry.clientKey === clientKey)

  async function attempt(clientKey: Id, tries = 0): Promise<void> {
    const entry = find(clientKey)
    if (!entry) return
    if (entry.by !== me()) return void (entry.state = 'failed') // signed out meanwhile
    try {
      const message = await hub.send(entry.conversationId, entry.body)
      addSent(client, message)
      tell.get(clientKey)?.(message)
      discard(clientKey)
    } catch (error) {
      if (error instanceof ApiError && error.code === 'newer_reply') return overtaken(entry)
      const pause = isPassing(error) ? PAUSES[tries] : undefined
      if (pause !== undefined) return void setTimeout(() => void attempt(clientKey, tries + 1), pause)
      entry.state = 'failed'
      entry.problem = error instanceof ApiError ? error.problem : null
    }
  }

  /** A colleague was faster: their answer is shown, and the decision is the writer's. */
  async function overtaken(entry: Outgoing): Promise<void> {
    try {
      const newer = await hub.messages(entry.conversationId, { after: lastNumber(client.getQueryData(keys.messages(entry.conversationId))), limit: 40 })
      newer.items.forEach((message) => addSent(client, message))
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
    }
    const known = client.getQueryData<InfiniteData<MessagePage>>(keys.messages(entry.conversationId))?.pages.flatMap((page) => page.items) ?? []
    entry.answer = known.filter((message) => message.direction === 'out' && message.author_id !== session.me?.id).sort((a, b) => b.n - a.n)[0]
    entry.state = 'overtaken'
  }

  return { entries, of, send, retry, discard }
})

/** No answer, or one that asks to come back. Trying again is safe: the hub knows the client key. */
function isPassing(error: unknown): boolean {
  return !(error instanceof ApiError) || error.status === 0 || error.status === 503
}

/** The number of the newest message that is known here; 0 for none. */
export function lastNumber(pages: InfiniteData<MessagePage> | undefined): number {
  return pages?.pages[0]?.items.at(-1)?.n ?? 0
}

/** After a reload nobody knows what became of what was on its way: shown as failed, to be tried again under its old key. */
function restored(): Outgoing[] {
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT) ?? '[]') as Outgoing[]
    return kept.map((entry) => (entry.state === 'sending' ? { ...entry, state: 'failed' } : entry))
  } catch {
    return []
  }
}
