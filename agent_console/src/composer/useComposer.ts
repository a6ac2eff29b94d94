import { useQuery, useQueryClient } from '@tanstack/vue-query'
import { computed, onScopeDispose, reactive, ref, toValue, watch, type MaybeRefOrGetter } from 'vue'

import { hub } from '../api/hub'
import { threads, type DraftView } from '../api/thread'
import type { ConversationView, MessageView, ReplyOption, Upload } from '../api/types'
import { keys } from '../live/keys'
import { useAgents } from '../live/queries'
import { useLive } from '../live/store'
import { idsOf } from '../thread/mentions'
import { bodyOf, type Wish } from './body'
import { objections } from './check'
import { isEmpty, type Mode } from './drafts'
import { lastNumber, useOutbox } from './outbox'
import { useUndo } from './undo'
import { useDraft } from './useDraft'
import { isShownIn, useUploads, type PendingFile } from './uploads'
import { promisesFile } from './words'

export type { Mode } from './drafts'
const MODES = ['reply', 'note'] as const

export type SendResult = 'sent' | 'waiting' | 'asked' | 'not_ready'

/** One conversation's answer in the making: mode, way, text, files, and what stands in its way. */
export function useComposer(conversation: MaybeRefOrGetter<ConversationView>) {
  const id = toValue(conversation).id
  const client = useQueryClient()
  const outbox = useOutbox()
  const live = useLive()
  const undo = useUndo()
  const { data: agents } = useAgents()
  const mode = ref<Mode>('reply')
  const drafts = { reply: useDraft(id, 'reply'), note: useDraft(id, 'note') }
  const files = { reply: useUploads(), note: useUploads() }
  const chosen = ref<string>()
  const forwarded = ref<MessageView>()
  const options = useQuery({ queryKey: keys.replyOptions(id), queryFn: () => hub.replyOptions(id) })

  const option = computed(() => pick(options.data.value ?? [], chosen.value ?? keyOfAccount(options.data.value, drafts.reply.written.account_id)))
  const hasHtml = computed(() => option.value?.channel === 'email' && ['full', 'partial'].includes(option.value.capabilities.features?.html ?? ''))

  // What can be reached may change with every message and every change of the customer.
  watch(() => [toValue(conversation).channel, toValue(conversation).customer?.id, toValue(conversation).last_message_at], () => void options.refetch())

  /** A picture that was deleted from the text goes nowhere; it stays at hand for whoever undoes that. */
  const isLeftOut = (file: PendingFile, of: Mode): boolean => file.inline && !!file.upload && hasHtml.value && !isShownIn(drafts[of].written.html, file.upload.id)
  const attachedTo = (of: Mode) => computed(() => files[of].files.value.filter((file) => !isLeftOut(file, of)))
  const attached = { reply: attachedTo('reply'), note: attachedTo('note') }
  const done = (of: Mode): Upload[] => attached[of].value.flatMap((file) => file.upload ?? [])
  const idsOfFiles = (all: readonly Upload[]): string => all.map((file) => file.id).join()

  for (const one of MODES) {
    const ids = (): string => idsOfFiles(drafts[one].written.files)
    watch(() => idsOfFiles(done(one)), (now) => {
      if (now !== ids()) drafts[one].written.files = done(one)
    })
    watch(ids, (now) => {
      if (now !== idsOfFiles(done(one))) files[one].restore(drafts[one].written.files, drafts[one].written.html)
    }, { immediate: true })
    onScopeDispose(() => void leave(one))
  }

  /** What is still on its way when somebody goes to another conversation belongs to the draft all the same. */
  async function leave(one: Mode): Promise<void> {
    if (files[one].busy.value) {
      await files[one].settled()
      drafts[one].written.files = done(one)
      await drafts[one].save()
    }
    files[one].clear()
  }

  async function load(): Promise<void> {
    const known = await threads.drafts(id)
    for (const draft of known) drafts[draft.mode].take(draft, draft.revision)
    if (isEmpty(drafts.reply.written) && !isEmpty(drafts.note.written)) mode.value = 'note'
  }
  load().catch(() => undefined) // what this browser keeps stands until the hub answers
  onScopeDispose(
    live.watchEvents((event) => {
      if ((event.type as string) !== 'draft.changed') return
      const { conversation_id, mode: which, revision, draft } = event.data as unknown as { conversation_id: string; mode: Mode; revision: number; draft: DraftView | null }
      if (conversation_id === id) drafts[which].take(draft, revision)
    }),
  )

  const draft = computed(() => drafts[mode.value].written)
  const uploads = computed(() => files[mode.value])
  const going = computed(() => attached[mode.value].value)
  /** Files that do not stand in the text. */
  const below = computed(() => going.value.filter((file) => !file.inline || !takesHtml.value || !!file.problem))
  const isMail = computed(() => mode.value === 'reply' && option.value?.channel === 'email')
  const takesHtml = computed(() => isMail.value && hasHtml.value)

  function choose(key: string): void {
    chosen.value = key
    drafts.reply.written.account_id = options.data.value?.find((one) => keyOf(one) === key)?.account_id ?? null
  }

  const isForward = computed(() => !!drafts.reply.written.forward_of)
  const addresses = (parties: readonly { address: string }[] | undefined): string[] => (parties ?? []).map((party) => party.address)
  const envelope = reactive({
    subject: computed({ get: () => drafts.reply.written.subject ?? option.value?.subject ?? '', set: (now) => (drafts.reply.written.subject = now) }),
    to: computed({ get: () => drafts.reply.written.to ?? (isForward.value ? [] : addresses(option.value?.to)), set: (now) => (drafts.reply.written.to = now) }),
    cc: computed({ get: () => drafts.reply.written.cc ?? addresses(option.value?.cc), set: (now) => (drafts.reply.written.cc = now) }),
    bcc: computed({ get: () => drafts.reply.written.bcc ?? [], set: (now) => (drafts.reply.written.bcc = now) }),
  })

  const text = computed({ get: () => draft.value.text, set: (now) => void Object.assign(draft.value, { text: now, html: null }) })
  const found = computed(() => {
    if (mode.value === 'note' || !option.value) return []
    const mail = isMail.value ? envelope : { subject: '', cc: [], bcc: [] }
    return objections(option.value, { text: text.value, subject: mail.subject, cc: mail.cc, bcc: mail.bcc, files: going.value })
  })
  const refused = computed(() => found.value.some((one) => one.weight === 'refused'))
  const blank = computed(() => text.value.trim() === '' && going.value.length === 0 && !(isForward.value && mode.value === 'reply'))
  const failedFile = computed(() => uploads.value.files.value.some((file) => file.problem))
  /** Something is still on its way that sending has to wait for. */
  const pending = computed(() => uploads.value.busy.value || (mode.value === 'reply' && options.isPending.value))
  const sendable = computed(() => !blank.value && !failedFile.value && !refused.value)
  const ready = computed(() => sendable.value && !pending.value && (mode.value === 'note' || options.isError.value || (option.value !== undefined && (!isMail.value || envelope.to.length > 0))))

  // Pressed too early is meant all the same.
  const waiting = ref<Wish>()
  watch([ready, sendable], () => {
    if (!waiting.value) return
    if (!sendable.value) waiting.value = undefined
    else if (ready.value) send(waiting.value)
  })
  /** A file is spoken of, and none is there. */
  const asking = ref<Wish>()
  watch([text, () => going.value.length], () => (asking.value = undefined))

  function send(wish: Wish = {}): SendResult {
    if (!ready.value) {
      waiting.value = sendable.value && pending.value ? wish : undefined
      return waiting.value ? 'waiting' : 'not_ready'
    }
    if (!wish.sure && mode.value === 'reply' && !isForward.value && !going.value.length && promisesFile(text.value)) {
      asking.value = wish
      return 'asked'
    }
    const sent = done(mode.value)
    const seen = lastNumber(client.getQueryData(keys.messages(id)))
    const body = bodyOf({ mode: mode.value, draft: { ...draft.value, files: sent }, option: option.value, envelope: isMail.value ? envelope : null, html: takesHtml.value, seen, wish, revision: drafts[mode.value].revision(), mentions: mode.value === 'note' ? idsOf(text.value, agents.value ?? []) : [] })
    outbox.send(id, body, sent.map(({ filename, size }) => ({ filename, size })), text.value.trim(), (message) => undo.offer(message, restore))
    waiting.value = asking.value = undefined
    drafts[mode.value].clear()
    uploads.value.clear()
    chosen.value = undefined
    if (mode.value === 'note') mode.value = 'reply'
    return 'sent'
  }

  /** Passes a message on: to whom is still to be said. */
  function forward(message: MessageView): void {
    mode.value = 'reply'
    forwarded.value = message
    const way = options.data.value?.find((one) => one.channel === 'email')
    if (way) choose(keyOf(way))
    Object.assign(drafts.reply.written, { forward_of: message.id, to: [], cc: [], subject: message.subject.replace(/^(?:(?:fwd?|转发)\s*[:：]\s*)*/i, 'Fwd: ') })
  }

  function endForward(): void {
    forwarded.value = undefined
    Object.assign(drafts.reply.written, { forward_of: null, to: null, cc: null, subject: null })
  }

  /** What was taken back comes back to be written on. */
  function restore(view: DraftView): void {
    drafts[view.mode].take(view, view.revision)
    mode.value = view.mode
  }

  return { restore, mode, drafts, draft, text, options, option, choose, envelope, isMail, takesHtml, uploads, below, objections: found, ready, pending, waiting, asking, isForward, forwarded, send, forward, endForward }
}

/** The chosen one; else the default; else the first that is allowed. */
export function pick(options: readonly ReplyOption[], chosen: string | undefined): ReplyOption | undefined {
  return options.find((one) => keyOf(one) === chosen) ?? options.find((one) => one.default) ?? options.find((one) => one.allowed) ?? options[0]
}

export const keyOf = (option: ReplyOption): string => `${option.channel}:${option.account_id}:${option.to.map((party) => party.address).join()}`

function keyOfAccount(options: readonly ReplyOption[] | undefined, accountId: string | null): string | undefined {
  const found = accountId ? options?.find((one) => one.account_id === accountId) : undefined
  return found && keyOf(found)
}
