import { useQueryClient, type InfiniteData } from '@tanstack/vue-query'
import { computed, onScopeDispose, ref, watch, type Ref } from 'vue'

import { hub } from '../api/hub'
import type { ConversationView, Id, MessagePage } from '../api/types'
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
export function useReading(id: Id, conversation: Ref<ConversationView | undefined>, messages: ReturnType<typeof useMessages>, atEnd: Readonly<Ref<boolean>>) {
  const client = useQueryClient()
  const session = useSession()
  const readTo = ref(Infinity)
  const begun = ref(false)
  const pages = computed(() => messages.data.value?.pages ?? [])
  const last = computed(() => pages.value[0]?.items.at(-1))

  /** Settles the line; fetches back to the first new message, within reason. */
  async function begin(): Promise<void> {
    if (conversation.value?.unread) readTo.value = pages.value[0]?.read_n || answeredAt()
    for (let page = 1; page < MOST_PAGES && messages.hasNextPage.value && oldest() > readTo.value; page++) await messages.fetchNextPage()
    begun.value = true
  }
  const oldest = (): number => pages.value.at(-1)?.items[0]?.n ?? 0
  // To whom it is all new: what came after the last answer.
  const answeredAt = (): number => messagesOf(pages.value).findLast((one) => one.direction === 'out')?.n ?? 0

  function markRead(): void {
    const n = last.value?.n
    if (!begun.value || n === undefined || !conversation.value?.unread || document.hidden) return
    patchUnread(false)
    rememberMark(n)
    void hub.markRead(id, n).catch(() => patchUnread(true))
  }

  function patchUnread(unread: boolean): void {
    const known = client.getQueryData<ConversationView>(keys.conversation(id))
    if (!known) return
    client.setQueryData(keys.conversation(id), { ...known, unread })
    patchConversation(client, { ...known, unread }, session.me!.id)
  }

  function rememberMark(n: number): void {
    client.setQueryData<InfiniteData<MessagePage>>(keys.messages(id), (known) => known && { ...known, pages: known.pages.map((page, at) => (at === 0 ? { ...page, read_n: n } : page)) })
  }

  // What arrives while somebody reads further up is not read yet.
  let opened = false
  watch([begun, () => last.value?.n, () => conversation.value?.unread, atEnd], () => {
    if (!begun.value || (opened && !atEnd.value)) return
    opened = true
    markRead()
  }, { flush: 'post' })
  const shown = (): void => void (atEnd.value && markRead())
  document.addEventListener('visibilitychange', shown)
  onScopeDispose(() => document.removeEventListener('visibilitychange', shown))

  return { readTo, begun, begin, last, unread: () => patchUnread(true) }
}
