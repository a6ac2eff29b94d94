import { Fragment, h } from 'preact'

import type { ViewProps } from '../view/App'
import { Cross } from '../view/icons'
import type { Uploads } from './uploads'

/** Files of the message that is being written, with how far they are. */
export function PendingFiles({ words, uploads, limit }: Pick<ViewProps, 'words'> & { uploads: Uploads; limit: string }) {
  return (
    <ul class="pending" aria-live="polite">
      {uploads.items.map(({ key, file: { name, size }, sent, ref, error }) => (
        <li key={key} class={error ? 'failed' : ''}>
          <span>
            {error === 'too_big' && words.t('tooBig', { name, size: limit })}
            {error === 'failed' && words.t('uploadFailed', { name })}
            {!error && (
              <>
                {name} <small>{words.size(size)}</small>
              </>
            )}
          </span>
          {!ref && !error && (
            <progress value={sent} aria-label={words.t('uploading', { name, percent: Math.round(sent * 100) })} />
          )}
          {error === 'failed' && (
            <button type="button" class="link" onClick={() => uploads.retry(key)}>
              {words.t('retry')}
            </button>
          )}
          <button type="button" class="icon small" aria-label={words.t('remove', { name })} onClick={() => uploads.remove(key)}>
            <Cross />
          </button>
        </li>
      ))}
    </ul>
  )
}
