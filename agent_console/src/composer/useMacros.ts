import { useQuery, useQueryClient } from '@tanstack/vue-query'
import { toValue, watch, type MaybeRefOrGetter } from 'vue'
import { useI18n } from 'vue-i18n'

import { useProblemText } from '../api/problems'
import { threads, type Macro } from '../api/thread'
import type { Id } from '../api/types'
import { useOwnActions } from '../lib/actions'
import { keys } from '../live/keys'
import { toast } from '../ui/toasts'

/** The macros one may use, and what became of one that was run: the step that failed is named. */
export function useMacros(conversationId: MaybeRefOrGetter<Id>) {
  const { t } = useI18n()
  const client = useQueryClient()
  const { attempt } = useProblemText()
  const { data: macros } = useQuery({ queryKey: ['macros'], queryFn: threads.macros })

  async function run(macro: Macro): Promise<void> {
    const id = toValue(conversationId)
    await attempt(async () => {
      const { done, finished } = await threads.runMacro(id, macro.id, crypto.randomUUID())
      const failed = done.find((step) => !step.ok)
      if (finished) toast(t('write.macro_done', { title: macro.title }), { tone: 'ok' })
      else toast(t('write.macro_failed', { title: macro.title, step: failed ? t('write.macro.' + failed.kind) : '', why: failed?.detail || failed?.code || '' }), { tone: 'bad' })
      void client.invalidateQueries({ queryKey: keys.conversation(id) })
    })
  }
  return { macros, run }
}

/** While a conversation is open, the keys of macros run them there. */
export function useMacroKeys(conversationId: MaybeRefOrGetter<Id>): void {
  const { macros, run } = useMacros(conversationId)
  const replace = useOwnActions()
  watch(macros, (all) => replace((all ?? []).map((macro) => ({ id: 'macro:' + macro.id, title: macro.title, keys: macro.key, run: () => run(macro) }))), { immediate: true })
}
