import { h } from 'preact'

import type { Choice } from '../model'
import type { ViewProps } from '../view/App'

/** With whom the visitor would like to talk: somebody the site offers, or whoever is free. */
export function Choices({ chat, words, choices }: ViewProps & { choices: Choice[] }) {
  const { wish } = chat.state
  return (
    <fieldset class="choices">
      <legend>{words.t('choose')}</legend>
      <label>
        <input type="radio" name="wish" checked={!wish} onChange={() => chat.change({ wish: null })} />
        <span>{words.t('anyone')}</span>
      </label>
      {choices.map(({ kind, id, name, online }) => (
        <label key={id}>
          <input type="radio" name="wish" checked={wish?.id === id} onChange={() => chat.change({ wish: { kind, id } })} />
          <span>
            {name} <small class={online ? 'presence on' : 'presence'}>{words.t(online ? 'here' : 'away')}</small>
          </span>
        </label>
      ))}
    </fieldset>
  )
}
