import { useQueryClient } from '@tanstack/vue-query'
import { ref } from 'vue'
import { useI18n } from 'vue-i18n'

import { inbox, type BulkAction, type BulkState, type BulkTarget } from '../api/inbox'
import { useProblemText } from '../api/problems'
import type { Id } from '../api/types'
import { keys } from '../live/keys'
import { patchMany } from '../live/patch'
import { useSession } from '../session/store'
import { toast } from '../ui/toasts'
import { finished, foreseen } from './bulk'

/** Work on many conversations, going on whatever page is shown; undefined while there is none. */
export const bulkWork = ref<Pick<BulkState, 'done' | 'total'>>()

/** Does one thing to many conversations: shown at once, done by the hub, taken back by one click. */
export function useBulk() {
  const { t } = useI18n()
  const client = useQueryClient()
  const session = useSession()
  const { attempt } = useProblemText()

  async function run(target: BulkTarget, shownIds: readonly Id[], action: BulkAction): Promise<void> {
    patchMany(client, new Set(shownIds), (conversation) => foreseen(conversation, action), session.me!.id)
    const went = await attempt(async () => {
      const begun = await inbox.bulk({ ...target, action })
      const end = await finished(begun, () => inbox.bulkState(begun.id), (state) => (bulkWork.value = state))
      tell(end, action)
    })
    bulkWork.value = undefined
    if (!went) void client.invalidateQueries({ queryKey: keys.allConversations })
  }

  function tell(end: BulkState, action: BulkAction): void {
    const done = end.done - end.failed.length
    if (end.failed.length) {
      toast(t('bulk.failed', { n: end.failed.length }, end.failed.length), { tone: 'bad' })
      void client.invalidateQueries({ queryKey: keys.allConversations })
    }
    if (done) toast(t('bulk.done.' + action.kind, { n: done }), { tone: 'ok', ...(action.kind !== 'read' && { action: { label: t('undo'), run: () => void undo(end.id) } }) })
  }

  async function undo(id: Id): Promise<void> {
    const went = await attempt(async () => {
      const begun = await inbox.undoBulk(id)
      await finished(begun, () => inbox.bulkState(begun.id), (state) => (bulkWork.value = state))
      toast(t('bulk.undone'), { tone: 'ok' })
    })
    bulkWork.value = undefined
    if (!went) void client.invalidateQueries({ queryKey: keys.allConversations })
  }

  return { run }
}
