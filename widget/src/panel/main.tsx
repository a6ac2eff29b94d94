import { h, render } from 'preact'

import { Chat } from './chat'
import { meetHost, type Host } from './host'
import { loadWords } from './i18n/load'
import type { Words } from './i18n/words'
import type { Site } from './model'
import './panel.css'
import { App } from './view/App'

const root = document.documentElement
const dark = matchMedia('(prefers-color-scheme: dark)')

// The server puts what is set for the site into the page.
const given = document.getElementById('site')?.textContent
const site: Site = { ...(JSON.parse(given!) as Site), choice: [], online: true }

/** Show the chat; `words` and `theme` may change later. */
export function draw(chat: Chat, words: Words): void {
  const { start } = chat.host
  const paint = (): void => {
    const theme = start.theme || chat.state.site.theme
    root.dataset.theme = theme === 'dark' || (theme !== 'light' && dark.matches) ? 'dark' : 'light'
  }
  dark.onchange = paint
  paint()
  chat.words = words
  root.lang = words.locale
  root.dir = start.dir
  document.title = words.t('chat')
  render(<App chat={chat} words={words} draft={start.saved.draft ?? ''} />, document.getElementById('panel')!)
  chat.tellLook()
}

function begin(host: Host, words: Words): Chat {
  const chat = new Chat(host, site)
  chat.listeners.add((message) => {
    if (message.type === 'locale') void loadWords(message.locale, site).then((other) => draw(chat, other))
  })
  draw(chat, words)
  host.post({ type: 'ready' })
  return chat
}

// The loader names the language in the frame's address, so that the words come while it is being greeted.
if (location.search.includes('preview')) void import('./preview').then(({ preview }) => preview(site, draw))
else void Promise.all([meetHost(), loadWords(location.hash.slice(1), site)]).then(([host, words]) => begin(host, words))
