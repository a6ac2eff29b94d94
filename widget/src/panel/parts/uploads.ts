import type { Chat } from '../chat'
import type { FileRef } from '../model'

/** A file of the message that is being written. `sent`: 0 to 1. */
export interface Pending {
  key: number
  file: File
  sent: number
  ref: FileRef | null
  error: 'too_big' | 'failed' | null
}

const MOST_FILES = 10 // the server takes no more in one message

/** Add files to the message that is being written. */
export function attach(chat: Chat, files: File[]): void {
  const access = (): Access | null => (chat.token ? { token: chat.token, site: chat.host.start.site } : null)
  chat.uploads ??= new Uploads(access, () => chat.change({}))
  chat.uploads.add(files, chat.state.site.max_file_bytes, MOST_FILES)
}

export interface Access {
  token: string
  site: string
}

/** Send one file; resolves with what the server made of it. The progress needs XMLHttpRequest: fetch tells none. */
export function upload(file: File, { token, site }: Access, onProgress: (sent: number) => void): Promise<FileRef> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open('POST', '/visitor/uploads')
    request.setRequestHeader('Authorization', `Visitor ${token}`)
    request.setRequestHeader('X-Site', site)
    request.setRequestHeader('X-Filename', encodeURIComponent(file.name))
    request.setRequestHeader('Content-Type', 'application/octet-stream')
    request.upload.onprogress = (event) => onProgress(event.loaded / (event.total || 1))
    request.onerror = request.onabort = () => reject(new Error('the upload was cut'))
    request.onload = () => {
      if (request.status === 201 || request.status === 200) resolve(JSON.parse(request.responseText) as FileRef)
      else reject(new Error(`the upload was refused: ${request.status}`))
    }
    request.send(file)
  })
}

/** The files of the message that is being written. They go up at once; the message names them. */
export class Uploads {
  items: Pending[] = []
  private nextKey = 0

  constructor(
    private readonly access: () => Access | null,
    private readonly onChange: () => void,
  ) {}

  get busy(): boolean {
    return this.items.some(({ ref, error }) => !ref && !error)
  }

  get ready(): FileRef[] {
    return this.items.flatMap(({ ref }) => (ref ? [ref] : []))
  }

  add(files: Iterable<File>, limit: number, most: number): void {
    for (const file of Array.from(files).slice(0, most - this.items.length)) {
      const error = file.size > limit ? 'too_big' : null
      const item: Pending = { key: this.nextKey++, file, sent: 0, ref: null, error }
      this.items = [...this.items, item]
      if (!error) this.begin(item.key)
    }
    this.onChange()
  }

  retry(key: number): void {
    this.change(key, { error: null, sent: 0 })
    this.begin(key)
  }

  remove(key: number): void {
    this.items = this.items.filter((item) => item.key !== key)
    this.onChange()
  }

  clear(): void {
    this.items = []
    this.onChange()
  }

  private begin(key: number): void {
    const item = this.items.find((one) => one.key === key)
    const access = this.access()
    if (!item || !access) return this.change(key, { error: 'failed' })
    upload(item.file, access, (sent) => this.change(key, { sent })).then(
      (ref) => this.change(key, { ref, sent: 1 }),
      () => this.change(key, { error: 'failed' }),
    )
  }

  private change(key: number, what: Partial<Pending>): void {
    this.items = this.items.map((item) => (item.key === key ? { ...item, ...what } : item))
    this.onChange()
  }
}
