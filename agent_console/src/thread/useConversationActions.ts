import { useQueryClient } from '@tanstack/vue-query'
import type { Ref } from 'vue'
import { useI18n } from 'vue-i18n'

import { hub } from '../api/hub'
import { useProblemText } from '../api/problems'
import type { ConversationChange, ConversationView, Id } from '../api/types'
import { useFormat } from '../lib/format'
import { keys } from '../live/keys'
import { patchConversation } from '../live/patch'
import { useSession } from '../session/store'
import { toast } from '../ui/toasts'

/**
 * The verbs on the conversation that is open, with undo where one can regret. `left`: it is done with for now, and nobody has gone on to another meanwhile.
 */
export function useConversationActions(id: () => Id, conversation: Ref<ConversationView | undefined>, name: Ref<string>, left: () => void) {
  const { t } = useI18n()
  const format = useFormat()
  const client = useQueryClient()
  const session = useSession()
  const { attempt } = useProblemText()
  const shown = (view: ConversationView): void => patchConversation(client, view, session.me!.id)

  let own: { of: Id; over: Promise<boolean> } | undefined // what this page asked for last

  function ask(of: Id, act: () => Promise<ConversationView>): Promise<boolean> {
    own = { of, over: attempt(async () => shown(await act())) }
    return own.over
  }

  const change = (what: ConversationChange, of = id()): Promise<boolean> => ask(of, () => hub.changeConversation(of, what))

  function done(of: Id, said: string): void {
    toast(said, { action: { label: t('undo'), run: () => void change({ state: 'open' }, of) } })
    if (id() === of) left()
  }

  async function close(): Promise<void> {
    const [of, said] = [id(), t('closed_toast', { name: name.value })]
    const reopen = conversation.value?.state === 'closed'
    if ((await change({ state: reopen ? 'open' : 'closed' }, of)) && !reopen) done(of, said)
  }

  async function snooze(until: Date): Promise<void> {
    const of = id()
    if (await change({ state: 'snoozed', snoozed_until: until.toISOString() }, of)) done(of, t('snoozed_toast', { time: format.full(until.toISOString()) }))
  }

  /** As it was seen: of two who take it at once one is told that the other was faster. */
  async function assign(agentId: Id | null): Promise<boolean> {
    const of = id()
    if (own?.of === of) await own.over // which makes another version of it
    const seen = conversation.value?.id === of ? conversation.value.version : undefined
    const went = await ask(of, () => hub.assign(of, agentId, seen))
    if (!went) void client.invalidateQueries({ queryKey: keys.conversation(of) })
    return went
  }

  return { change: (what: ConversationChange) => change(what), close, snooze, assign, take: () => assign(session.me!.id) }
}
