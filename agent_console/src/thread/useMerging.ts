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

/** Making one conversation of two, two of one, and both undone. */
export function useMerging(id: Id) {
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

  const mergeInto = (intoId: Id): Promise<boolean> =>
    attempt(async () => {
      const kept = await threads.merge(id, intoId)
      moved(kept, id)
      await open(intoId)
      toast(t('thread.merge.done', { n: kept.number }), { action: { label: t('undo'), run: () => void separate(kept.id) } })
    })

  const separate = (keptId: Id): Promise<boolean> =>
    attempt(async () => {
      moved(await threads.unmerge(id), keptId)
      await open(id)
      toast(t('thread.merge.undone'))
    })

  const split = (messageIds: Id[]): Promise<boolean> =>
    attempt(async () => {
      const { conversation: made } = await threads.split(id, messageIds)
      moved(made, id)
      await open(made.id)
      toast(t('thread.split_done', { n: made.number }), { action: { label: t('undo'), run: () => void join(made.id) } })
    })

  const join = (madeId: Id): Promise<boolean> =>
    attempt(async () => {
      moved(await threads.merge(madeId, id), madeId)
      await open(id)
    })

  return { mergeInto, separate, split }
}
