import { useQueryClient } from '@tanstack/vue-query'
import { onScopeDispose, watch } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRoute, useRouter } from 'vue-router'

import type { ConversationView, Id, MessageView, Presence } from '../api/types'
import { announce } from '../lib/announce'
import { alertChoice, preferences, type AlertKind } from '../lib/preferences'
import type { LiveEvent } from '../live/events'
import { keys } from '../live/keys'
import { useCounts } from '../live/queries'
import { useLive } from '../live/store'
import { useSession } from '../session/store'
import { isQuiet } from './quiet'
import { isSeen, ring, saySeen, unlockOnTouch } from './ring'

interface Alert {
  kind: AlertKind
  title: string
  text: string
  path: string
}

/** Title counter, spoken line, sound and desktop notification for what is this agent's: by choice, not in quiet hours, not while away. */
export function useAlerts(): void {
  const { t } = useI18n()
  const live = useLive()
  const session = useSession()
  const client = useQueryClient()
  const route = useRoute()
  const router = useRouter()
  const { data: counts } = useCounts()

  watch(() => counts.value?.mine.us ?? 0, count, { immediate: true })
  function count(waiting: number): void {
    document.title = (waiting ? `(${waiting}) ` : '') + t('app_name')
    void (waiting ? navigator.setAppBadge?.(waiting) : navigator.clearAppBadge?.())?.catch(() => {}) // only an installed page may
  }

  const isAway = (): boolean => client.getQueryData<Presence[]>(keys.presence)?.find((one) => one.user_id === session.me?.id)?.state === 'away'
  const isLookedAt = (id: Id): boolean => route.params.id === id && document.hasFocus()

  function take(event: LiveEvent): void {
    if (event.type === 'message.added' || event.type === 'conversation.created') arrived(event.data.message, event.data.conversation)
    else if (event.type === 'offer.made') offered(event.data.offer.conversation)
    else if (event.type === 'notification.added') {
      const { kind, by_name: title, text, conversation_id: id } = event.data.notification
      call({ kind, title: title || t('alert.' + kind), text, path: `/inbox/mine/${id}` })
    }
  }

  function arrived(message: MessageView | undefined, conversation: ConversationView | undefined): void {
    if (message?.direction !== 'in' || conversation?.assignee_id !== session.me?.id) return
    const title = conversation?.customer?.name || message.from?.name || conversation?.contact || t('unknown_customer')
    announce(t('new_message_from', { name: title }))
    if (!isLookedAt(message.conversation_id)) call({ kind: 'message', title, text: message.reply_text || message.text, path: `/inbox/mine/${message.conversation_id}` })
  }

  function offered(conversation: ConversationView): void {
    const name = conversation.customer?.name || conversation.contact || t('unknown_customer')
    announce(`${t('offer.title')}: ${name}`, 'assertive')
    call({ kind: 'offer', title: t('offer.title'), text: name, path: '' })
  }

  function call(alert: Alert): void {
    if (isAway() || isQuiet(preferences.quiet_hours, new Date())) return
    const choice = alertChoice(alert.kind)
    if (choice.sound) void ring()
    if (choice.desktop) void show(alert, () => void (alert.path && router.push(alert.path)))
  }

  onScopeDispose(live.watchEvents(take))
  onScopeDispose(unlockOnTouch())
  onScopeDispose(saySeen())
}

/** On the desktop only when no page of ours is in sight; pages share a tag, so that only one stands there. */
async function show({ kind, title, text, path }: Alert, open: () => void): Promise<void> {
  if (!('Notification' in window) || Notification.permission !== 'granted' || (await isSeen())) return
  const what: NotificationOptions = { body: text.slice(0, 140), tag: path || kind, icon: '/icon-192.png', data: path }
  try {
    const note = new Notification(title, what)
    note.onclick = () => (window.focus(), open(), note.close())
  } catch {
    const worker = await navigator.serviceWorker.getRegistration() // phones show them through the worker only
    await worker?.showNotification(title, what)
  }
}
