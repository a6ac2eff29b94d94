import { createRef, h } from 'preact'

import type { ViewProps } from '../view/App'
import { Icon } from '../view/icons'

/** On devices that are touched, which have a camera at hand: the picture goes with the message. */
export function Camera({ chat, words }: ViewProps) {
  const picker = createRef<HTMLInputElement>()
  if (!matchMedia('(pointer: coarse)').matches) return null
  return (
    <button type="button" class="icon" aria-label={words.t('camera')} title={words.t('camera')} onClick={() => picker.current!.click()}>
      <Icon path="M4 7h3l2-3h6l2 3h3v12H4ZM12 16a3 3 0 1 0 0-6 3 3 0 0 0 0 6Z" />
      <input
        ref={picker}
        type="file"
        accept="image/*"
        capture="environment"
        hidden
        onClick={(event) => event.stopPropagation()}
        onChange={({ currentTarget }) => {
          void chat.attach(currentTarget.files)
          currentTarget.value = ''
        }}
      />
    </button>
  )
}
