import type { Look } from '../common/messages'
import { STYLE } from './style'

const SVG = 'http://www.w3.org/2000/svg'
const TALK = 'M4 20l2-3.5A8 8 0 1 1 13 20ZM9 10h8M9 14h5'
const CROSS = 'M6 6l12 12M18 6 6 18'

/** The launcher, and the place of the panel. */
export interface Shell {
  launcher: HTMLButtonElement
  /** Around the frame. */
  box: HTMLDivElement
  frame: HTMLIFrameElement
  root: ShadowRoot
  addFrame(): void
  setLook(look: Look): void
  setUnread(count: number): void
  /** `ready`: the panel can be closed from within, so that it may cover the launcher. */
  setOpen(open: boolean, ready: boolean): void
}

/** In a closed shadow root: neither the page's styles nor its scripts reach in. */
export function createShell(zIndex: string): Shell {
  const [launcher, badge, box, frame] = [make('button'), make('span'), make('div'), make('iframe')]
  const [picture, icon] = [document.createElementNS(SVG, 'svg'), document.createElementNS(SVG, 'path')]
  const sheet = new CSSStyleSheet() // no inline style: a strict policy of the host allows it
  let unread = 0
  // Until the panel has said what it is called: seen only where the hub does not answer.
  let look: Look = { css: 'button{background:#1f5eff;color:#fff}', open: 'Chat 聊天', close: '×', panel: 'Chat', unread: '{n}' }

  const setName = (): void => {
    const news = unread && box.hidden ? ` (${look.unread.replace('{n}', `${unread}`)})` : ''
    launcher.ariaLabel = (box.hidden ? look.open : look.close) + news
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
    launcher.ariaExpanded = `${open}`
    launcher.classList.toggle('behind', open && ready)
    setName()
  }
  const setLook = (given: Look): void => {
    look = given
    frame.title = look.panel
    sheet.replaceSync(STYLE + look.css)
    setName()
  }

  picture.setAttribute('viewBox', '0 0 24 24')
  picture.append(icon)
  launcher.append(picture, badge)
  const host = make('hub-chat')
  host.style.cssText = `all:initial!important;position:fixed!important;z-index:${zIndex}!important`
  const root = host.attachShadow({ mode: 'closed' })
  root.adoptedStyleSheets = [sheet]
  root.append(box, launcher)
  document.documentElement.append(host)
  setLook(look)
  setUnread(0)
  setOpen(false, false)
  return { launcher, box, frame, root, addFrame: () => box.append(frame), setLook, setUnread, setOpen }
}

const make = document.createElement.bind(document) as Document['createElement']
