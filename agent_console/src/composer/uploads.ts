import { computed, ref } from 'vue'

import { hub } from '../api/hub'
import type { Upload } from '../api/types'

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

/** Files on their way to the hub: by button, drop or paste. They are bound to a message when it is sent. */
export function useUploads(send: typeof hub.upload = hub.upload) {
  const files = ref<PendingFile[]>([])

  function add(chosen: Iterable<File>): void {
    for (const file of chosen) void start(file)
  }

  /** A picture in the text; settles with its upload and an address to show it by, or null where it failed. */
  async function addInline(file: File): Promise<{ upload: Upload; shown: string } | null> {
    const key = await start(file, true)
    const entry = files.value.find((one) => one.key === key)
    return entry?.upload ? { upload: entry.upload, shown: entry.preview } : null
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

  /** Files that are at the hub already: of a draft. */
  function restore(uploaded: readonly Upload[]): void {
    const kept = files.value.filter((one) => !one.upload || uploaded.some((upload) => upload.id === one.upload?.id))
    const known = new Set(kept.map((one) => one.upload?.id))
    const missing = uploaded.filter((upload) => !known.has(upload.id))
    files.value = [...kept, ...missing.map((upload) => ({ key: upload.id, filename: upload.filename, size: upload.size, content_type: upload.content_type, progress: 1, upload, problem: null, preview: '', inline: false, cancel: new AbortController() }))]
  }

  function remove(key: string): void {
    const entry = files.value.find((one) => one.key === key)
    entry?.cancel.abort()
    if (entry?.preview) URL.revokeObjectURL(entry.preview)
    files.value = files.value.filter((one) => one.key !== key)
  }

  const clear = (): void => files.value.map((one) => one.key).forEach(remove)
  const busy = computed(() => files.value.some((one) => !one.upload && !one.problem))
  const done = computed(() => files.value.flatMap((one) => one.upload ?? []))

  return { files, add, addInline, restore, remove, clear, busy, done }
}
