import { h, render } from 'preact'

import { Chat } from './chat'
import { meetHost } from './host'
import { loadWords } from './i18n/load'
import './panel.css'
import { App } from './view/App'

const root = document.documentElement

function paint(theme: string): void {
  const dark = matchMedia('(prefers-color-scheme: dark)')
  const set = (): void => {
    root.dataset.theme = theme === 'dark' || (theme !== 'light' && dark.matches) ? 'dark' : 'light'
  }
  dark.addEventListener('change', set)
  set()
}

// The loader names the language in the frame's address, so that the words come while it is being greeted.
void Promise.all([meetHost(), loadWords(location.hash.slice(1))]).then(([host, words]) => {
  root.lang = words.locale
  document.title = words.t('chat')
  paint(host.start.theme)
  const chat = new Chat(host)
  render(<App chat={chat} words={words} draft={host.start.saved.draft ?? ''} />, document.getElementById('panel')!)
  host.post({ type: 'ready' })
})
