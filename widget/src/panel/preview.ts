/** The panel as it would look with settings that are not saved yet; the console frames it, and nobody else may. */
import { isColor, textOn } from '../common/contrast'
import { Chat } from './chat'
import { loadWords } from './i18n/load'
import type { Words } from './i18n/words'
import type { Appearance, Message, Site } from './model'

/** What the console says, by window.postMessage to the frame: fields of the account's form, as they stand in it. */
interface PreviewMessage {
  hub: 'preview'
  settings: Record<string, unknown>
  locale?: string
  theme?: string
  /** What to show: the talk, the form while nobody is there, or the text to agree to. */
  scene?: 'talk' | 'offline' | 'consent'
}

const isPreview = (said: unknown): said is PreviewMessage =>
  typeof said === 'object' && said !== null && (said as PreviewMessage).hub === 'preview' && typeof (said as PreviewMessage).settings === 'object'

const MESSAGES = (zh: boolean): Message[] =>
  [
    { direction: 'in' as const, text: zh ? '你好，今天能送到吗？' : 'Hello, can it be here today?', author: null },
    { direction: 'out' as const, text: zh ? '可以的，下午三点前下单即可。' : 'Yes, if you order before three.', author: zh ? '小李' : 'Li' },
  ].map((one, n) => ({ id: `${n}`, n, client_key: null, attachments: [], created_at: new Date().toISOString(), status: null, ...one }))

/** `name = text` lines, as the settings hold them. */
export const textsOf = (lines: unknown): Record<string, string> =>
  Object.fromEntries(
    (Array.isArray(lines) ? (lines as string[]) : []).map((line) => {
      const at = line.indexOf('=')
      return [line.slice(0, at).trim(), line.slice(at + 1).trim()]
    }),
  )

/** Settings of a form over what is saved. */
export function shownWith(saved: Site, settings: Record<string, unknown>): Site {
  const color = isColor(settings.color) ? settings.color : saved.color
  const known = Object.fromEntries(Object.entries(settings).filter(([name, value]) => name in saved && typeof value === typeof saved[name as keyof Appearance]))
  return {
    ...saved,
    ...(known as Partial<Site>),
    color,
    on_color: textOn(color),
    invitations: [],
    texts_en: textsOf(settings.texts_en),
    texts_zh: textsOf(settings.texts_zh),
    ask: { name: 'off', email: 'off', phone: 'off' },
    ...(typeof settings.max_file_mb === 'number' && { max_file_bytes: settings.max_file_mb * 2 ** 20 }),
  }
}

export function preview(saved: Site, draw: (chat: Chat, words: Words) => void): void {
  const show = async ({ settings, locale = 'en', theme = '', scene = 'talk' }: PreviewMessage): Promise<void> => {
    const site = { ...shownWith(saved, settings), online: scene !== 'offline' }
    const words = await loadWords(locale, site)
    const start = { hub: 'start' as const, site: '', theme, dir: 'ltr', saved: {}, page: { url: '', title: '' }, identity: null, open: true }
    const chat = new Chat({ start, origin: '', post: () => undefined, listen: () => undefined }, site)
    draw(chat, words)
    chat.change({ phase: 'online', agreed: scene !== 'consent', ...(scene === 'talk' && { messages: MESSAGES(words.locale !== 'en') }) })
  }
  addEventListener('message', (event: MessageEvent<unknown>) => {
    // The frame's policy names the console as the only parent there can be.
    if (event.source === parent && isPreview(event.data)) void show(event.data)
  })
  parent.postMessage('hub:preview', '*')
}
