import { useQueryClient } from '@tanstack/vue-query'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'

import { useProblemText } from '../api/problems'
import { threads } from '../api/thread'
import type { ConversationView, Id } from '../api/types'
import { keys } from '../live/keys'
import { patchConversation, readAgain } from '../live/patch'
import { useSession } from '../session/store'
import { toast } from '../ui/toasts'

/** Making one conversation of two, two of one, and both undone; `id` is the one that is open. */
export function useMerging(id: () => Id) {
  const { t } = useI18n()
  const client = useQueryClient()
  const router = useRouter()
  const session = useSession()
  const { attempt } = useProblemText()

  /** Messages changed places: what is shown of these conversations is read again. */
  function moved(view: ConversationView, ...others: Id[]): void {
    patchConversation(client, view, session.me!.id)
    for (const one of [view.id, ...others]) {
      readAgain(client, one)
      void client.invalidateQueries({ queryKey: keys.conversation(one) })
    }
  }
  const open = (one: Id): Promise<unknown> => router.push(router.currentRoute.value.path.replace(/[^/]+$/, one))

  const mergeInto = (intoId: Id, of = id()): Promise<boolean> =>
    attempt(async () => {
      const kept = await threads.merge(of, intoId)
      moved(kept, of)
      await open(intoId)
      toast(t('thread.merge.done', { n: kept.number }), { action: { label: t('undo'), run: () => void separate(kept.id, of) } })
    })

  const separate = (keptId: Id, of = id()): Promise<boolean> =>
    attempt(async () => {
      moved(await threads.unmerge(of), keptId)
      await open(of)
      toast(t('thread.merge.undone'))
    })

  const split = (messageIds: Id[], of = id()): Promise<boolean> =>
    attempt(async () => {
      const { conversation: made } = await threads.split(of, messageIds)
      moved(made, of)
      await open(made.id)
      toast(t('thread.split_done', { n: made.number }), { action: { label: t('undo'), run: () => void join(made.id, of) } })
    })

  const join = (madeId: Id, of: Id): Promise<boolean> =>
    attempt(async () => {
      moved(await threads.merge(madeId, of), madeId)
      await open(of)
    })

  return { mergeInto, separate, split }
}
