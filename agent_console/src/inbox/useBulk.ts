import { useQueryClient } from '@tanstack/vue-query'
import { ref } from 'vue'
import { useI18n } from 'vue-i18n'

import { inbox, type BulkAction, type BulkState, type BulkTarget } from '../api/inbox'
import { useProblemText } from '../api/problems'
import type { ConversationView, Id } from '../api/types'
import { keys } from '../live/keys'
import { patchMany } from '../live/patch'
import { useSession } from '../session/store'
import { toast } from '../ui/toasts'
import { asItWas, finished, foreseen } from './bulk'

/** Work on many conversations, going on whatever page is shown; undefined while there is none. */
export const bulkWork = ref<Pick<BulkState, 'done' | 'total'>>()

/** Does one thing to many conversations: shown at once, done by the hub, taken back by one click. */
export function useBulk() {
  const { t } = useI18n()
  const client = useQueryClient()
  const session = useSession()
  const { attempt } = useProblemText()

  async function run(target: BulkTarget, shownIds: readonly Id[], action: BulkAction): Promise<void> {
    const were = new Map<Id, ConversationView>()
    const foresee = (one: ConversationView): Partial<ConversationView> => (were.set(one.id, were.get(one.id) ?? one), foreseen(one, action))
    const me = session.me!.id
    patchMany(client, new Set(shownIds), foresee, me)
    const takeBack = (ids: readonly Id[]): void => patchMany(client, new Set(ids), (one) => asItWas(one, were.get(one.id), action), me)
    const went = await attempt(async () => {
      const begun = await inbox.bulk({ ...target, action })
      const end = await finished(begun, () => inbox.bulkState(begun.id), (state) => (bulkWork.value = state))
      takeBack(end.failed.map((one) => one.id))
      tell(end, action)
    })
    bulkWork.value = undefined
    if (went) return
    takeBack([...were.keys()])
    void client.invalidateQueries({ queryKey: keys.allConversations })
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
