import { useQuery } from '@tanstack/vue-query'
import { computed, reactive, ref, toValue, watch, type MaybeRefOrGetter } from 'vue'

import { hub } from '../api/hub'
import type { AddressRef, ConversationView, MessageCreate, Recipient, ReplyOption } from '../api/types'
import { keys } from '../live/keys'
import { objections } from './check'
import { clearDraft, readDraft, writeDraft } from './drafts'
import { useOutbox } from './outbox'
import { useUploads } from './uploads'

export type Mode = 'reply' | 'note'

/** One conversation's answer in the making: mode, channel, text, files, and what stands in its way. */
export function useComposer(conversation: MaybeRefOrGetter<ConversationView>) {
  const id = toValue(conversation).id
  const outbox = useOutbox()
  const uploads = useUploads()
  const mode = ref<Mode>('reply')
  const texts = reactive({ reply: readDraft(id, 'reply'), note: readDraft(id, 'note') })
  const chosen = ref<string>()
  const envelope = reactive({ subject: '', to: [] as string[], cc: [] as string[], bcc: [] as string[] })
  const options = useQuery({ queryKey: keys.replyOptions(id), queryFn: () => hub.replyOptions(id) })

  // What can be reached may change with every message and every change of the customer.
  watch(() => [toValue(conversation).channel, toValue(conversation).customer?.id, toValue(conversation).last_message_at], () => void options.refetch())

  const option = computed(() => pick(options.data.value ?? [], chosen.value))
  watch(() => option.value && keyOf(option.value), fillEnvelope, { immediate: true })
  watch(texts, () => (['reply', 'note'] as const).forEach((one) => writeDraft(id, one, texts[one])))

  function fillEnvelope(): void {
    envelope.subject = option.value?.subject ?? ''
    envelope.to = (option.value?.to ?? []).map((party) => party.address)
    envelope.cc = (option.value?.cc ?? []).map((party) => party.address)
    envelope.bcc = []
  }

  const text = computed({ get: () => texts[mode.value], set: (now) => (texts[mode.value] = now) })
  const isMail = computed(() => mode.value === 'reply' && option.value?.channel === 'email')
  const found = computed(() => {
    if (mode.value === 'note' || !option.value) return []
    return objections(option.value, { text: text.value, subject: isMail.value ? envelope.subject : '', cc: isMail.value ? envelope.cc : [], bcc: isMail.value ? envelope.bcc : [], files: uploads.files.value })
  })
  const refused = computed(() => found.value.some((one) => one.weight === 'refused'))
  const blank = computed(() => text.value.trim() === '' && uploads.files.value.length === 0)
  const failedFile = computed(() => uploads.files.value.some((file) => file.problem))
  const ready = computed(() => {
    if (blank.value || uploads.busy.value || failedFile.value || refused.value) return false
    return mode.value === 'note' || (option.value !== undefined && (!isMail.value || envelope.to.length > 0))
  })

  function send(): boolean {
    if (!ready.value) return false
    outbox.send(id, body(), uploads.done.value.map(({ filename, size }) => ({ filename, size })))
    texts[mode.value] = ''
    clearDraft(id, mode.value)
    uploads.clear()
    if (mode.value === 'note') mode.value = 'reply'
    else fillEnvelope()
    return true
  }

  function body(): MessageCreate {
    const files = uploads.done.value.map((upload) => upload.id)
    const common = { client_key: crypto.randomUUID(), text: text.value.trim(), ...(files.length && { attachment_ids: files }) }
    if (mode.value === 'note' || !option.value) return { ...common, kind: 'note' }
    const { account_id, to } = option.value
    const mail = isMail.value && { subject: envelope.subject.trim(), to: mailTo(envelope.to, to), cc: mailTo(envelope.cc), bcc: mailTo(envelope.bcc) }
    return { ...common, kind: 'reply', account_id, expected_version: toValue(conversation).version, ...mail }
  }

  return { mode, text, texts, options, option, chosen, envelope, isMail, uploads, objections: found, ready, send }
}

/** The chosen one; else the default; else the first that is allowed. */
export function pick(options: readonly ReplyOption[], chosen: string | undefined): ReplyOption | undefined {
  return options.find((one) => keyOf(one) === chosen) ?? options.find((one) => one.default) ?? options.find((one) => one.allowed) ?? options[0]
}

export const keyOf = (option: ReplyOption): string => `${option.channel}:${option.account_id}:${option.to.map((party) => party.address).join()}`

function mailTo(addresses: readonly string[], known: readonly Recipient[] = []): AddressRef[] {
  return addresses.map((address) => ({ kind: 'email', address, name: known.find((party) => party.address === address)?.name ?? '' }))
}
