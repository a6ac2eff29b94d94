import { Component, h } from 'preact'

import type { Chat } from '../chat'
import type { Attachment, Message } from '../model'
import type { ViewProps } from '../view/App'
import { Page } from '../view/icons'

const PICTURES = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp'])

const URLS_LAST = 4 * 60_000 // the server signs addresses of files for five minutes

/** The address of a file as the server signs it now, or null. */
async function freshUrl(chat: Chat, message: Message, fileId: string): Promise<string | null> {
  await chat.fetch(message.n + 1).catch(() => undefined)
  const now = chat.state.messages.find(({ id }) => id === message.id)
  return now?.attachments.find(({ id }) => id === fileId)?.url ?? null
}

type Props = ViewProps & { message: Message }

/** What came with a message. Addresses are signed for a few minutes: an old one is asked for anew when it is wanted. */
export class Files extends Component<Props, { failed: Record<string, number> }> {
  state = { failed: {} as Record<string, number> }

  private open(event: MouseEvent, { id }: Attachment): void {
    const { chat, message } = this.props
    if (Date.now() - chat.urlsAt < URLS_LAST) return
    event.preventDefault()
    void freshUrl(chat, message, id).then((url) => url && window.open(url, '_blank', 'noopener'))
  }

  /** A picture that does not load gets one fresh address, then a symbol in its place. */
  private onError({ id }: Attachment): void {
    const tries = this.state.failed[id] ?? 0
    this.setState(({ failed }) => ({ failed: { ...failed, [id]: tries + 1 } }))
    if (!tries) void freshUrl(this.props.chat, this.props.message, id)
  }

  render({ words, message }: Props, { failed }: { failed: Record<string, number> }) {
    return (
      <ul class="files">
        {message.attachments.map((file) => (
          <li key={file.id}>
            <a
              class="file"
              href={file.url}
              target="_blank"
              rel="noopener noreferrer"
              aria-label={words.t('opensTab', { name: file.filename, size: words.size(file.size) })}
              onClick={(event) => this.open(event, file)}
            >
              {PICTURES.has(file.content_type) && (failed[file.id] ?? 0) < 2 ? (
                <img src={file.url} alt="" onError={() => this.onError(file)} />
              ) : (
                <Page />
              )}
              <span>
                {file.filename} <small>{words.size(file.size)}</small>
              </span>
            </a>
          </li>
        ))}
      </ul>
    )
  }
}
