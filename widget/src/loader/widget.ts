import type { HostPage, Look, Start, ToHost, ToPanel } from '../common/messages'
import { linkFrame, type FrameLink } from './frame'
import type { Options } from './options'
import { createShell } from './shell'
import { attempt, hostStore } from './store'
import { FULL } from './style'

/** A signed token that says who the visitor is, or a function that fetches one: it is called again when one has expired. */
export type Identity = string | (() => string | Promise<string>)

const DEFAULT: Look = { color: '#1f5eff', text: '#fff', position: 'right' }
const LOOK_WAIT = 2_000 // milliseconds for the site's colours to come before the launcher is shown without them

/**
 * Put the widget into the host's page: launcher, frame, and the commands, which are returned.
 *
 * A command it does not know is ignored: newer pages may know more of them.
 */
export function startWidget(options: Options): (command: unknown, value?: unknown) => void {
  const { site, theme, frameUrl } = options
  const store = hostStore(site)
  const shell = createShell(options)
  const { launcher, frame } = shell
  const full = matchMedia(FULL)
  let link: FrameLink | undefined
  let identity: Identity | null = null
  let isOpen = false
  let isReady = false
  let isHidden = options.hidden
  let before: Element | null = null
  let watcher: CloseWatcher | null = null

  const post = (message: ToPanel): void => link?.post(message)
  const token = async (): Promise<string | null> => {
    try {
      return typeof identity === 'function' ? await identity() : identity
    } catch {
      return null // the host's own trouble: the visitor comes in without a name
    }
  }

  /** Make the frame, once. */
  const load = (): void => {
    if (link) return
    link = linkFrame(frame, frameUrl.origin, start, hear)
    frame.src = frameUrl.href
    shell.addFrame()
  }
  const start = async (): Promise<Start> => {
    const known = await token()
    return { hub: 'start', site, theme, identity: known, saved: store.all(), page: page(), open: isOpen }
  }
  const fit = (): void => shell.fit(isOpen && full.matches ? visualViewport : null)
  const show = (): void => {
    session(site, isOpen)
    shell.setOpen(isOpen, isReady)
    post({ type: 'shown', open: isOpen })
    fit()
    watcher?.destroy()
    watcher = isOpen && full.matches ? closeWatcher(close) : null
  }
  const open = (): void => {
    if (isOpen) return
    before = document.activeElement
    isOpen = true
    load()
    show()
    frame.focus()
  }
  const close = (): void => {
    if (!isOpen) return
    isOpen = false
    show()
    ;((isHidden ? before : launcher) as HTMLElement | null)?.focus?.()
  }
  const identify = (): void => void token().then((identity) => post({ type: 'identify', identity }))
  const setHidden = (hidden: boolean): void => {
    launcher.hidden = hidden
  }
  const setLook = (look: Look): void => {
    shell.setLook(look)
    setHidden(isHidden)
  }
  const hear = (message: ToHost): void => {
    switch (message.type) {
      case 'ready':
        isReady = true
        return show()
      case 'look':
        store.set('look', JSON.stringify(message.look))
        return setLook(message.look)
      case 'unread':
        return shell.setUnread(message.count)
      case 'save':
        return void store.set(message.name, message.value)
      case 'identity':
        return identify()
      case 'close':
        return close()
    }
  }

  launcher.onclick = () => (isOpen ? close() : open())
  launcher.onpointerenter = launcher.onfocus = load
  full.onchange = show
  visualViewport?.addEventListener('resize', fit)
  const { navigation } = window as { navigation?: EventTarget }
  // A page that changes its address without loading; its title follows a moment later.
  navigation?.addEventListener('navigatesuccess', () => setTimeout(() => post({ type: 'page', page: page() }), 100))

  const saved = store.all()
  const look = attempt(() => JSON.parse(saved.look!) as Look)
  setLook(look ?? DEFAULT)
  if (!look) {
    setHidden(true)
    setTimeout(() => setHidden(isHidden), LOOK_WAIT)
  }
  if (session(site) && !full.matches) {
    isOpen = true
    load()
    show()
  } else if (saved.talk) load()
  else whenIdle(load)

  return (command, value) => {
    switch (command) {
      case 'open':
        return open()
      case 'close':
        return close()
      case 'identify':
        identity = value as Identity
        return identify()
      case 'reset':
        identity = null
        store.clear()
        return post({ type: 'reset' })
      case 'hide':
      case 'show':
        return setHidden((isHidden = command === 'hide'))
    }
  }
}

const page = (): HostPage => ({ url: location.href.split('#', 1)[0]!.slice(0, 2000), title: document.title.slice(0, 300) })

/** Whether the chat is open in this tab, kept from one page to the next. */
function session(site: string, set?: boolean): boolean {
  const key = `hub:${site}:open`
  return !!attempt(() => {
    if (set !== undefined) sessionStorage.setItem(key, set ? '1' : '')
    return sessionStorage.getItem(key)
  })
}

function whenIdle(then: () => void): void {
  const idle = (): unknown => (window.requestIdleCallback ?? setTimeout)(() => then())
  if (document.readyState === 'complete') idle()
  else addEventListener('load', idle)
}

type CloseWatcher = { onclose: () => void; destroy(): void }

/** The phone's «back» closes the panel, without a trace in the page's history (HTML, «close watchers»). */
function closeWatcher(onclose: () => void): CloseWatcher | null {
  const { CloseWatcher: Watcher } = window as { CloseWatcher?: new () => CloseWatcher }
  return Watcher ? Object.assign(new Watcher(), { onclose }) : null
}
