import { onScopeDispose, ref, watch, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import { useQueryClient } from '@tanstack/vue-query'

import type { ConversationView, Counts, MessageView, Presence } from '../api/types'
import { keys } from '../live/keys'
import { useLive } from '../live/store'
import { useSession } from '../session/store'

/** Sound, desktop notification, title counter and spoken line for what is mine; quiet while I am away. Returns the line to speak. */
export function useAlerts(counts: Ref<Counts | undefined>): Ref<string> {
  const { t } = useI18n()
  const live = useLive()
  const session = useSession()
  const client = useQueryClient()
  const router = useRouter()
  const spoken = ref('')

  watch(
    () => counts.value?.mine.us ?? 0,
    (waiting) => (document.title = (waiting ? `(${waiting}) ` : '') + t('app_name')),
    { immediate: true },
  )

  const away = (): boolean => client.getQueryData<Presence[]>(keys.presence)?.find((one) => one.user_id === session.me?.id)?.state === 'away'

  function arrived(message: MessageView, conversation: ConversationView | undefined): void {
    if (message.direction !== 'in' || !conversation || conversation.assignee_id !== session.me?.id) return
    const name = conversation.customer?.name ?? message.from?.name ?? ''
    spoken.value = t('new_message_from', { name })
    if (!away()) alertAgent(name, message.reply_text || message.text, () => void router.push(`/inbox/mine/${conversation.id}`))
  }

  onScopeDispose(
    live.watchEvents((event) => {
      if (event.type === 'message.added' || event.type === 'conversation.created') {
        if (event.data.message) arrived(event.data.message, event.data.conversation)
      } else if (event.type === 'offer.made') {
        const { conversation } = event.data.offer
        alertAgent(t('offer.title'), conversation.customer?.name ?? conversation.preview, () => void router.push('/inbox/mine'))
      }
    }),
  )
  return spoken
}

function alertAgent(title: string, text: string, open: () => void): void {
  // Browsers keep pages silent, and complain, until they were clicked once.
  if (navigator.userActivation?.hasBeenActive !== false) chime()
  if (!document.hidden || !('Notification' in window) || Notification.permission !== 'granted') return
  const note = new Notification(title, { body: text.slice(0, 140), tag: 'switchboard', icon: '/icon-192.png' })
  note.onclick = () => (window.focus(), open(), note.close())
}

let audio: AudioContext | undefined

/** Two soft tones, made here: no file to load, and silent until the browser has seen a click. */
export function chime(): void {
  audio ??= new AudioContext()
  if (audio.state === 'suspended') void audio.resume()
  for (const [at, frequency] of [[0, 660], [0.13, 880]] as const) {
    const tone = audio.createOscillator()
    const volume = audio.createGain()
    tone.frequency.value = frequency
    volume.gain.setValueAtTime(0.0001, audio.currentTime + at)
    volume.gain.exponentialRampToValueAtTime(0.08, audio.currentTime + at + 0.02)
    volume.gain.exponentialRampToValueAtTime(0.0001, audio.currentTime + at + 0.3)
    tone.connect(volume).connect(audio.destination)
    tone.start(audio.currentTime + at)
    tone.stop(audio.currentTime + at + 0.32)
  }
}
