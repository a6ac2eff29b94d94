import { h } from 'preact'

import type { ViewProps } from './App'
import { Cross, Dots } from './icons'

export function Header({ chat, words }: ViewProps) {
  const { site, phase, agreed, menu } = chat.state
  const isOnline = phase === 'online' && site.online
  return (
    <header class="header">
      <div>
        <h1 id="title">{site.name || words.t('chat')}</h1>
        <p class={isOnline ? 'presence on' : 'presence'} role="status">
          {agreed && status({ chat, words })}
        </p>
      </div>
      {agreed && phase !== 'refused' && (
        <button type="button" class="icon" aria-label={words.t('menu')} title={words.t('menu')} aria-expanded={menu}
          onClick={() => chat.showMenu(!menu)}>
          <Dots />
        </button>
      )}
      <button type="button" class="icon" aria-label={words.t('close')} title={words.t('close')} onClick={() => chat.close()}>
        <Cross />
      </button>
    </header>
  )
}

/** Who answers, else when somebody will. */
function status({ chat, words }: ViewProps): string {
  const { phase, site, standing } = chat.state
  if (phase === 'connecting') return words.t('connecting')
  if (standing?.agent) return words.t('with', { name: standing.agent })
  if (standing?.place) return words.t('place', { n: standing.place })
  if (!site.online && standing?.opens_at) return words.t('back', { time: words.when(standing.opens_at) })
  return words.t(site.online ? 'online' : 'nobody')
}
