import { h } from 'preact'

import type { ViewProps } from './App'
import { Cross } from './icons'

export function Header({ chat, words }: ViewProps) {
  const { site, phase } = chat.state
  const isOnline = phase === 'online' && !!site?.online
  return (
    <header class="header">
      <div>
        <h1 id="title">{site?.name || words.t('chat')}</h1>
        <p class={isOnline ? 'presence on' : 'presence'}>
          {phase === 'connecting' ? words.t('connecting') : site && words.t(site.online ? 'online' : 'nobody')}
        </p>
      </div>
      <button type="button" class="icon" aria-label={words.t('close')} title={words.t('close')} onClick={() => chat.close()}>
        <Cross />
      </button>
    </header>
  )
}
