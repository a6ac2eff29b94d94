import { computed, ref } from 'vue'

import { hub } from '../api/hub'
import type { Id, Upload } from '../api/types'

export interface PendingFile {
  key: string
  filename: string
  size: number
  content_type: string
  progress: number
  upload: Upload | null
  problem: unknown
  preview: string
  /** Stands in the text, not below it. */
  inline: boolean
  cancel: AbortController
}

/** By what pictures in a text are shown, by their uploads: a draft that comes back shows them again. */
const shown = new Map<Id, string>()
const MOST_SHOWN = 30
export const shownBy = (uploadId: Id): string => shown.get(uploadId) ?? ''

function keepShown(uploadId: Id, address: string): void {
  shown.set(uploadId, address)
  for (const [id, its] of [...shown].slice(0, -MOST_SHOWN)) {
    shown.delete(id)
    URL.revokeObjectURL(its)
  }
}

/** Whether a formatted text shows this picture. */
export const isShownIn = (html: string | null, uploadId: Id): boolean => !!html?.includes('cid:' + uploadId)

/** Files on their way to the hub: by button, drop or paste. They are bound to a message when it is sent. */
export function useUploads(send: typeof hub.upload = hub.upload) {
  const files = ref<PendingFile[]>([])
  const running = new Set<Promise<string>>()

  function add(chosen: Iterable<File>): void {
    for (const file of chosen) void begin(file)
  }

  /** A picture in the text; settles with its upload and an address to show it by, or null where it failed. */
  async function addInline(file: File): Promise<{ upload: Upload; shown: string } | null> {
    const key = await begin(file, true)
    const entry = files.value.find((one) => one.key === key)
    if (!entry?.upload) return null
    keepShown(entry.upload.id, entry.preview)
    return { upload: entry.upload, shown: entry.preview }
  }

  /** There is no text any more to put it into. */
  function putBelow(uploadId: Id): void {
    const entry = files.value.find((one) => one.upload?.id === uploadId)
    if (entry) entry.inline = false
  }

  function begin(file: File, inline = false): Promise<string> {
    const going = start(file, inline)
    running.add(going)
    return going.finally(() => running.delete(going))
  }

  /** Settles when nothing is on its way any more. */
  async function settled(): Promise<void> {
    while (running.size) await Promise.all(running)
  }

  async function start(file: File, inline = false): Promise<string> {
    const key = crypto.randomUUID()
    const preview = /^image\/(png|jpeg|gif|webp)$/.test(file.type) ? URL.createObjectURL(file) : ''
    files.value.push({ key, filename: file.name || 'image.png', size: file.size, content_type: file.type, progress: 0, upload: null, problem: null, preview, inline, cancel: new AbortController() })
    const entry = (): PendingFile | undefined => files.value.find((one) => one.key === key)
    try {
      const upload = await send(file, (part) => { const one = entry(); if (one) one.progress = part }, entry()!.cancel.signal)
      const one = entry()
      if (one) Object.assign(one, { upload, progress: 1, content_type: upload.content_type })
    } catch (problem) {
      const one = entry()
      if (one) one.problem = problem
    }
    return key
  }

  /** Files that are at the hub already: of a draft. `html`: its text, which shows some of them. */
  function restore(uploaded: readonly Upload[], html: string | null = null): void {
    const kept = files.value.filter((one) => !one.upload || uploaded.some((upload) => upload.id === one.upload?.id))
    const known = new Set(kept.map((one) => one.upload?.id))
    const missing = uploaded.filter((upload) => !known.has(upload.id))
    files.value = [...kept, ...missing.map((upload) => ({ key: upload.id, filename: upload.filename, size: upload.size, content_type: upload.content_type, progress: 1, upload, problem: null, preview: '', inline: isShownIn(html, upload.id), cancel: new AbortController() }))]
  }

  function remove(key: string): void {
    const entry = files.value.find((one) => one.key === key)
    entry?.cancel.abort()
    if (entry?.preview && shownBy(entry.upload?.id ?? '') !== entry.preview) URL.revokeObjectURL(entry.preview)
    files.value = files.value.filter((one) => one.key !== key)
  }

  const clear = (): void => files.value.map((one) => one.key).forEach(remove)
  const busy = computed(() => files.value.some((one) => !one.upload && !one.problem))
  const done = computed(() => files.value.flatMap((one) => one.upload ?? []))

  return { files, add, addInline, putBelow, restore, remove, clear, busy, done, settled }
}
