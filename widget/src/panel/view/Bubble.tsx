import { h } from 'preact'

import type { Message } from '../model'
import { UNKNOWN, type Outgoing } from '../outbox'
import type { ViewProps } from './App'
import { withLinks } from './links'

interface Props {
  message: Message
  /** The day, where it is another than that of the message before. */
  day: string | null
  isLastOwn: boolean
}

export function MessageBubble({ chat, words, message, day, isLastOwn }: ViewProps & Props) {
  const { id, n, direction, author, text, attachments, created_at, status } = message
  const extras = attachments.length > 0 && chat.part('extras')
  const isOwn = direction === 'in'
  return (
    <div class={isOwn ? 'message own' : 'message'} data-id={id} data-status={status}>
      {day && <p class="day">{day}</p>}
      {isOwn ? <span class="unseen">{words.t('you')}</span> : author && <p class="author">{author}</p>}
      {text && <p class={isOwn ? 'bubble own' : 'bubble'} dir="auto">{withLinks(text)}</p>}
      {extras && <extras.Files chat={chat} words={words} message={message} />}
      <p class="meta">
        <time dateTime={created_at}>{words.time(created_at)}</time>
        {isLastOwn && ` · ${words.t((chat.state.standing?.read_n ?? 0) >= n ? 'read' : 'sent')}`}
      </p>
    </div>
  )
}

/** On its way, or refused: then it stays, with what can be done. */
export function OutgoingBubble({ chat, words, item }: ViewProps & { item: Outgoing }) {
  const { text, files, failed } = item
  return (
    <div class="message own">
      <span class="unseen">{words.t('you')}</span>
      {text && <p class={failed ? 'bubble own failed' : 'bubble own waiting'} dir="auto">{withLinks(text)}</p>}
      {files.map(({ id, filename, size }) => (
        <p key={id} class="file">
          {filename} <small>{words.size(size)}</small>
        </p>
      ))}
      {failed ? (
        <Failed chat={chat} words={words} item={item} />
      ) : (
        <p class="meta">{words.t(chat.state.phase === 'online' ? 'sending' : 'waiting')}</p>
      )}
    </div>
  )
}

function Failed({ chat, words, item: { key, failed } }: ViewProps & { item: Outgoing }) {
  return (
    <p class="meta" role="alert">
      <strong>{words.t(failed === 'no_such_upload' ? 'failedFiles' : failed === UNKNOWN ? 'failedForm' : 'failed')}</strong>{' '}
      <button type="button" class="link" onClick={() => chat.outbox.retry(key, chat.who)}>
        {words.t('retry')}
      </button>{' '}
      <button type="button" class="link" onClick={() => chat.outbox.remove(key)}>
        {words.t('discard')}
      </button>
    </p>
  )
}
