import type { Look } from '../common/messages'
import type { Options } from './options'
import { STYLE } from './style'
import { TEXTS } from './texts'

const SVG = 'http://www.w3.org/2000/svg'
const TALK = 'M4 20l2-3.5A8 8 0 1 1 13 20ZM9 10h8M9 14h5'
const CROSS = 'M6 6l12 12M18 6 6 18'

/** The launcher, and the place of the panel. */
export interface Shell {
  launcher: HTMLButtonElement
  frame: HTMLIFrameElement
  addFrame(): void
  setLook(look: Look): void
  setUnread(count: number): void
  /** `ready`: the panel can be closed from within, so that it may cover the launcher. */
  setOpen(open: boolean, ready: boolean): void
  /** Keep the panel in the part of the screen that the keyboard leaves; with null, where CSS puts it. */
  fit(viewport: VisualViewport | null): void
}

/** In a closed shadow root: neither the page's styles nor its scripts reach in. */
export function createShell({ zIndex, locale }: Options): Shell {
  const texts = TEXTS[locale]
  const [launcher, badge, box, frame] = [make('button'), make('span'), make('div'), make('iframe')]
  const [picture, icon] = [document.createElementNS(SVG, 'svg'), document.createElementNS(SVG, 'path')]
  let unread = 0

  const setName = (): void => {
    const name = box.hidden ? texts.open : texts.close
    const news = unread && box.hidden ? ` (${texts.unread.replace('{n}', `${unread}`)})` : ''
    launcher.setAttribute('aria-label', name + news)
  }
  const setUnread = (count: number): void => {
    unread = count
    badge.hidden = !count
    badge.textContent = count > 99 ? '99+' : `${count}`
    setName()
  }
  const setOpen = (open: boolean, ready: boolean): void => {
    box.hidden = !open
    icon.setAttribute('d', open ? CROSS : TALK)
    launcher.setAttribute('aria-expanded', `${open}`)
    launcher.classList.toggle('behind', open && ready)
    setName()
  }

  picture.setAttribute('viewBox', '0 0 24 24')
  picture.append(icon)
  launcher.append(picture, badge)
  frame.title = texts.panel
  const host = make('hub-chat')
  host.style.cssText = `all:initial!important;position:fixed!important;z-index:${zIndex}!important`
  const root = host.attachShadow({ mode: 'closed' })
  const sheet = new CSSStyleSheet() // no inline style: a strict policy of the host allows it
  sheet.replaceSync(STYLE)
  root.adoptedStyleSheets = [sheet]
  root.append(box, launcher)
  document.documentElement.append(host)
  setUnread(0)
  setOpen(false, false)
  return {
    launcher,
    frame,
    addFrame: () => box.append(frame),
    setLook: ({ color, text, position }) => {
      launcher.style.backgroundColor = color
      launcher.style.color = text
      for (const element of [launcher, box]) element.classList.toggle('left', position === 'left')
    },
    setUnread,
    setOpen,
    fit: (viewport) => {
      box.style.height = viewport ? `${viewport.height}px` : ''
      box.style.top = viewport ? `${viewport.offsetTop}px` : ''
    },
  }
}

const make = document.createElement.bind(document) as Document['createElement']
