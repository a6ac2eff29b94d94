import { reactive, ref, watch } from 'vue'
import { useI18n } from 'vue-i18n'

import type { Id, MessageView } from '../api/types'
import { toast } from '../ui/toasts'

/** What can be done with one message, from its menu. */
export type MessageAction = 'forward' | 'copy' | 'link' | 'select' | 'source' | 'take_back'

/** Copying, linking, picking several messages, and reading one's source; the rest is somebody else's. */
export function useMessageActions(conversationId: () => Id, others: { forward: (message: MessageView) => void; takeBack: (message: MessageView) => void }) {
  const { t } = useI18n()
  const source = ref<MessageView>()
  const selected = reactive(new Set<Id>())
  const selecting = ref(false)

  async function copy(text: string, said: string): Promise<void> {
    await navigator.clipboard.writeText(text)
    toast(said)
  }

  function act(what: MessageAction, message: MessageView): unknown {
    switch (what) {
      case 'forward':
        return others.forward(message)
      case 'take_back':
        return others.takeBack(message)
      case 'copy':
        return copy(message.text, t('copied'))
      case 'link':
        return copy(`${location.origin}/inbox/all/${conversationId()}#${message.n}`, t('thread.link_copied'))
      case 'source':
        return (source.value = message)
      case 'select':
        selecting.value = true
        return toggle(message.id)
    }
  }

  function toggle(id: Id): void {
    if (!selected.delete(id)) selected.add(id)
  }

  function endSelecting(): void {
    selecting.value = false
    selected.clear()
  }

  watch(conversationId, () => {
    source.value = undefined
    endSelecting()
  })

  return { act, source, selected, selecting, toggle, endSelecting }
}
