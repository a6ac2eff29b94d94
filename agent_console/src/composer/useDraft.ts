import { onScopeDispose, reactive, ref, toRaw, watch } from 'vue'

import { ApiError } from '../api/http'
import { threads, type DraftView } from '../api/thread'
import type { Id } from '../api/types'
import { isEmpty, isSame, keep, merged, nothing, readKept, writtenIn, type Mode, type Written } from './drafts'

const PAUSE = 700 // milliseconds of silence after which what is written goes to the hub
const RETRY = 5000

/**
 * One draft, kept in step with the hub: saved soon after every change, merged with what other devices write. While the hub cannot be
 * reached, this browser keeps it, over a reload, too.
 */
export function useDraft(id: Id, mode: Mode) {
  const written = reactive<Written>(nothing())
  const saved = ref<'yes' | 'not_yet' | 'offline'>('yes')
  let base = nothing()
  let revision = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  let saving: Promise<void> | undefined
  let quiet = false

  const now = (): Written => structuredClone({ ...toRaw(written), files: written.files.map((file) => ({ ...file })), to: copied(written.to), cc: copied(written.cc), bcc: copied(written.bcc) })
  const isChanged = (): boolean => !isSame(written, base)

  function set(content: Written): void {
    quiet = true
    Object.assign(written, content)
    quiet = false
  }

  /** What the hub has, or another device wrote; an echo of our own saving says nothing new. */
  function take(view: DraftView | null, at: number): void {
    if (at <= revision) return
    const theirs = view ? writtenIn(view) : nothing()
    const result = isChanged() ? merged(base, now(), theirs) : theirs
    base = theirs
    revision = at
    set(result)
    if (isChanged()) soon(0)
    else settle()
  }

  function settle(): void {
    keep(id, mode, null)
    saved.value = 'yes'
  }

  watch(written, () => {
    if (quiet || !isChanged()) return
    keep(id, mode, { written: now(), base, revision })
    saved.value = 'not_yet'
    soon(PAUSE)
  }, { deep: true, flush: 'sync' })

  function soon(pause: number): void {
    clearTimeout(timer)
    timer = setTimeout(() => void save(), pause)
  }

  /** Once more after what is under way, until nothing is left to save. */
  function save(): Promise<void> {
    clearTimeout(timer)
    saving = (saving ?? Promise.resolve()).then(store, store)
    return saving
  }

  async function store(): Promise<void> {
    if (!isChanged()) return settle()
    const content = now()
    try {
      const view = isEmpty(content) ? await dropped() : await threads.putDraft(id, mode, content, revision)
      base = content
      revision = view?.revision ?? revision
      if (!isChanged()) settle()
      else soon(PAUSE)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      if (error.code === 'stale') await reconciled(error).catch(failed)
      else failed(error)
    }
  }

  async function dropped(): Promise<null> {
    if (revision) await threads.dropDraft(id, mode, revision)
    return null
  }

  async function reconciled(error: ApiError): Promise<void> {
    take(await threads.draft(id, mode), Number((error.problem as { revision?: number }).revision ?? 0))
  }

  function failed(error: unknown): void {
    saved.value = 'offline'
    if (!(error instanceof ApiError) || error.status === 0 || error.status >= 500) soon(RETRY)
  }

  /** It was sent: nothing is left to keep; the hub forgets the revision that was sent with the message, and no later one. */
  function clear(): void {
    clearTimeout(timer)
    base = nothing()
    set(nothing())
    settle()
  }

  const kept = readKept(id, mode)
  if (kept) {
    base = kept.base
    revision = kept.revision
    set(kept.written)
    saved.value = 'not_yet'
    soon(PAUSE)
  }
  onScopeDispose(() => void (isChanged() && save()))

  return { written, saved, take, save, clear, revision: () => revision }
}

const copied = (list: string[] | null): string[] | null => list && [...list]
