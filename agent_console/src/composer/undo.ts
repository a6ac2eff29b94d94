import { useQueryClient, type InfiniteData } from '@tanstack/vue-query'
import { useRouter } from 'vue-router'

import { useProblemText } from '../api/problems'
import { threads, type DraftView } from '../api/thread'
import type { MessagePage, MessageView } from '../api/types'
import { i18n } from '../i18n'
import { hubTime } from '../lib/clock'
import { keys } from '../live/keys'
import { dismiss, toast, toasts } from '../ui/toasts'

const COUNTED = 60_000 // milliseconds

/** Until when a message may be taken back, in milliseconds since 1970; 0 when it may not. */
export function revocableUntil(message: MessageView): number {
  const { undo_until: undo, send_at: planned } = message as MessageView & { undo_until?: string | null; send_at?: string | null }
  return Math.max(undo ? Date.parse(undo) : 0, planned ? Date.parse(planned) : 0)
}

const { t } = i18n.global as unknown as { t: (key: string, values?: object) => string }

/** Taking back what has not left yet. */
export function useUndo() {
  const client = useQueryClient()
  const router = useRouter()
  const { attempt } = useProblemText()

  /** Settles with the draft it became again; with nothing where it was too late, which is said. */
  async function takeBack(message: MessageView): Promise<DraftView | undefined> {
    let draft: DraftView | undefined
    await attempt(async () => {
      draft = await threads.takeBack(message.id)
      forget(message)
    })
    return draft
  }

  function forget(message: MessageView): void {
    client.setQueryData<InfiniteData<MessagePage>>(keys.messages(message.conversation_id), (known) => known && { ...known, pages: known.pages.map((page) => ({ ...page, items: page.items.filter((one) => one.id !== message.id) })) })
  }

  /** Offers to take it back for as long as that is possible, counting down. */
  function offer(message: MessageView, taken: (draft: DraftView) => void): void {
    const until = revocableUntil(message)
    if (until - hubTime() > COUNTED) return // its own line says when it leaves, and takes it back
    const left = (): number => Math.ceil((until - hubTime()) / 1000)
    if (left() < 1) return
    const run = async (): Promise<void> => {
      const draft = await takeBack(message)
      if (!draft) return
      taken(draft)
      if (!router.currentRoute.value.path.endsWith(message.conversation_id)) await router.push(`/inbox/all/${message.conversation_id}`)
    }
    const entry = toast(t('write.sent_toast'), { lasts: until - hubTime(), action: { label: t('write.undo_in', { n: left() }), run: () => void run() } })
    const timer = setInterval(() => {
      if (left() < 1 || !toasts.includes(entry)) {
        clearInterval(timer)
        dismiss(entry.id)
      } else entry.action!.label = t('write.undo_in', { n: left() })
    }, 250)
  }

  return { takeBack, offer }
}
