import { useQueryClient, type InfiniteData } from '@tanstack/vue-query'
import { computed, onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue'

import { hub } from '../api/hub'
import { useProblemText } from '../api/problems'
import type { ConversationView, Id, MessagePage } from '../api/types'
import { afterPaint } from '../lib/paint'
import { keys } from '../live/keys'
import { patchConversation } from '../live/patch'
import type { useMessages } from '../live/queries'
import { useSession } from '../session/store'
import { messagesOf } from './timeline'

const MOST_PAGES = 6

/**
 * What was read and what is new. `readTo` stands still from the moment the conversation was opened, for the line before the first new message; what
 * the hub knows goes on with what is seen.
 */
export function useReading(id: () => Id, conversation: Ref<ConversationView | undefined>, messages: ReturnType<typeof useMessages>, atEnd: Readonly<Ref<boolean>>) {
  const client = useQueryClient()
  const session = useSession()
  const { attempt } = useProblemText()
  const readTo = ref(Infinity)
  let left: Id | undefined // for later
  const begunFor = shallowRef<Id>()
  const begun = computed(() => begunFor.value === id())
  const pages = computed(() => messages.data.value?.pages ?? [])
  const last = computed(() => pages.value[0]?.items.at(-1))

  /**
   * Settles the line; fetches back to the first new message, within reason. What is all here already stands from the next moment on. False when
   * somebody went on to another conversation meanwhile.
   */
  async function begin(): Promise<boolean> {
    const of = id()
    readTo.value = conversation.value?.unread ? pages.value[0]?.read_n || answeredAt() : Infinity
    for (let page = 1; page < MOST_PAGES && messages.hasNextPage.value && oldest() > readTo.value; page++) {
      await messages.fetchNextPage()
      if (id() !== of) return false
    }
    begunFor.value = of
    return true
  }
  const oldest = (): number => pages.value.at(-1)?.items[0]?.n ?? 0
  // To whom it is all new: what came after the last answer.
  const answeredAt = (): number => messagesOf(pages.value).findLast((one) => one.direction === 'out')?.n ?? 0

  function markRead(): void {
    const [of, n] = [id(), last.value?.n]
    if (!begun.value || n === undefined || !conversation.value?.unread || document.hidden || left === of) return
    patchUnread(of, false)
    rememberMark(of, n)
    void hub.markRead(of, n).catch(() => patchUnread(of, true))
  }

  /** It is new again, on all pages of this user, until it is opened the next time. */
  async function leave(): Promise<void> {
    const [of, known] = [id(), conversation.value]
    if (!known?.last_in_n || known.unread) return
    left = of
    patchUnread(of, true)
    rememberMark(of, known.last_in_n - 1)
    if (!(await attempt(() => hub.markUnread(of)))) patchUnread(of, false)
  }

  function patchUnread(of: Id, unread: boolean): void {
    const known = client.getQueryData<ConversationView>(keys.conversation(of))
    if (!known) return
    client.setQueryData(keys.conversation(of), { ...known, unread })
    patchConversation(client, { ...known, unread }, session.me!.id)
  }

  function rememberMark(of: Id, n: number): void {
    client.setQueryData<InfiniteData<MessagePage>>(keys.messages(of), (known) => known && { ...known, pages: known.pages.map((page, at) => (at === 0 ? { ...page, read_n: n } : page)) })
  }

  // What arrives while somebody reads further up is not read yet; what nobody saw, because another came right away, is not either.
  let opened: Id | undefined
  let callOff = (): void => {}
  watch([begunFor, () => last.value?.n, () => conversation.value?.unread, atEnd], () => {
    callOff()
    if (!begun.value || (opened === id() && !atEnd.value)) return
    callOff = afterPaint(() => {
      opened = id()
      markRead()
    })
  }, { flush: 'post' })
  watch(id, () => {
    callOff()
    begunFor.value = opened = left = undefined
  })
  const shown = (): void => void (atEnd.value && markRead())
  document.addEventListener('visibilitychange', shown)
  onScopeDispose(() => {
    callOff()
    document.removeEventListener('visibilitychange', shown)
  })

  return { readTo, begun, begin, last, leave }
}
