import { useQueryClient } from '@tanstack/vue-query'
import type { Ref } from 'vue'
import { useI18n } from 'vue-i18n'

import { hub } from '../api/hub'
import { useProblemText } from '../api/problems'
import type { ConversationChange, ConversationView, Id } from '../api/types'
import { useFormat } from '../lib/format'
import { patchConversation } from '../live/patch'
import { useSession } from '../session/store'
import { toast } from '../ui/toasts'

/** The verbs on a whole conversation, with undo where one can regret. `left`: the conversation is done with for now. */
export function useConversationActions(id: Id, conversation: Ref<ConversationView | undefined>, name: Ref<string>, left: () => void) {
  const { t } = useI18n()
  const format = useFormat()
  const client = useQueryClient()
  const session = useSession()
  const { attempt } = useProblemText()
  const shown = (view: ConversationView): void => patchConversation(client, view, session.me!.id)

  const change = (what: ConversationChange): Promise<boolean> => attempt(async () => shown(await hub.changeConversation(id, what)))
  const undo = { label: t('undo'), run: () => void change({ state: 'open' }) }

  async function close(): Promise<void> {
    const reopen = conversation.value?.state === 'closed'
    if (!(await change({ state: reopen ? 'open' : 'closed' })) || reopen) return
    toast(t('closed_toast', { name: name.value }), { action: undo })
    left()
  }

  async function snooze(until: Date): Promise<void> {
    if (!(await change({ state: 'snoozed', snoozed_until: until.toISOString() }))) return
    toast(t('snoozed_toast', { time: format.full(until.toISOString()) }), { action: undo })
    left()
  }

  const assign = (agentId: Id | null): Promise<boolean> =>
    attempt(async () => {
      const changed = await hub.assign(id, agentId)
      if (changed) shown(changed)
    })

  return { change, close, snooze, assign, take: () => assign(session.me!.id) }
}
