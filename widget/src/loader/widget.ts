import type { HostPage, Look, Start, ToHost, ToPanel } from '../common/messages'
import { linkFrame, type FrameLink } from './frame'
import type { Options } from './options'
import { createShell } from './shell'
import { attempt, hostStore } from './store'
import { FULL } from './style'

/** A signed token that says who the visitor is, or a function that fetches one: it is called again when one has expired. */
export type Identity = string | (() => string | Promise<string>)

type Later = typeof import('./later')
type Heard = (value: unknown) => void

const LOOK_WAIT = 2_000 // milliseconds for the site's colours to come before the launcher is shown without them

/**
 * Put the widget into the host's page: launcher, frame, and the commands, which are returned.
 *
 * A command it does not know is ignored: newer pages may know more of them.
 */
export function startWidget(options: Options): (command: unknown, value?: unknown, more?: unknown) => unknown {
  const { site, theme, frameUrl } = options
  const store = hostStore(site)
  const shell = createShell(options.zIndex)
  const { launcher, frame } = shell
  const full = matchMedia(FULL)
  const listeners: Record<string, Set<Heard>> = {}
  let link: FrameLink | undefined
  let identity: Identity | null = null
  let isOpen = false
  let isReady = false
  let isHidden = options.hidden
  let unread = 0
  let before: Element | null = null

  const post = (message: ToPanel): void => link?.post(message)
  const emit = (name: string, value?: unknown): void => listeners[name]?.forEach((heard) => heard(value))
  /** What few pages need at first is a file of its own. */
  const later = (use: (later: Later) => unknown): void =>
    void (import(/* @vite-ignore */ new URL('later.js', frameUrl).href) as Promise<Later>).then(use, () => 0)
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
    const { direction: dir } = getComputedStyle(document.documentElement)
    return { hub: 'start', site, theme, dir, identity: known, saved: store.all(), page: page(), open: isOpen }
  }
  const show = (): void => {
    session(site, isOpen)
    shell.setOpen(isOpen, isReady)
    post({ type: 'shown', open: isOpen })
    if (full.matches) later(({ fill }) => fill(shell.box, isOpen && full.matches, close))
  }
  const set = (open: boolean): void => {
    if (isOpen === open) return
    if (open) before = document.activeElement
    isOpen = open
    load()
    show()
    if (open) frame.focus()
    else ((isHidden ? before : launcher) as HTMLElement | null)?.focus?.()
    emit(open ? 'open' : 'close')
  }
  const close = (): void => set(false)
  const identify = (): void => void token().then((identity) => post({ type: 'identify', identity }))
  const setHidden = (hidden: boolean): void => {
    launcher.hidden = hidden
  }
  const setLook = (look: Look): void => {
    shell.setLook(look)
    setHidden(isHidden)
  }
  const forget = (): void => {
    store.clear()
    post({ type: 'reset' })
  }
  const hear = (message: ToHost): void => {
    switch (message.type) {
      case 'ready':
        isReady = true
        show()
        return emit('ready')
      case 'look':
        return setLook(message.look)
      case 'unread':
        if (unread === message.count) return
        shell.setUnread((unread = message.count))
        return emit('unread', unread)
      case 'save':
        return void store.set(message.name, message.value)
      case 'identity':
        return identify()
      case 'close':
        return close()
      case 'forget':
        return forget()
      case 'invite':
        return later(({ invite }) =>
          invite(shell.root, message.invitation, (answer) => {
            if (answer === 'open') set(true)
            else post({ type: 'invited', never: answer === 'never' })
          }),
        )
    }
  }

  launcher.onclick = () => set(!isOpen)
  launcher.onpointerenter = launcher.onfocus = load
  full.onchange = show
  const { navigation } = window as { navigation?: EventTarget }
  // A page that changes its address without loading; its title follows a moment later.
  navigation?.addEventListener('navigatesuccess', () => setTimeout(() => post({ type: 'page', page: page() }), 100))

  const saved = store.all()
  const look = attempt(() => JSON.parse(saved.look!) as Look)
  if (look) setLook(look)
  else {
    setHidden(true)
    setTimeout(() => setHidden(isHidden), LOOK_WAIT)
  }
  if (session(site) && !full.matches) {
    isOpen = true
    load()
    show()
  } else if (saved.talk) load()
  else whenIdle(load)

  return (command, value, more) => {
    switch (command) {
      case 'open':
      case 'close':
        return set(command === 'open')
      case 'toggle':
        return set(!isOpen)
      case 'identify':
        identity = value as Identity
        return identify()
      case 'reset':
        identity = null
        return forget()
      case 'hide':
      case 'show':
        return setHidden((isHidden = command === 'hide'))
      case 'page':
        return post({ type: 'page', page: { ...page(), ...(value as HostPage) } })
      case 'setLocale':
        frameUrl.hash = value as string
        return post({ type: 'locale', locale: value as string })
      case 'unread':
        return unread
      case 'on':
        return void (listeners[value as string] ??= new Set()).add(more as Heard)
      case 'off':
        return void listeners[value as string]?.delete(more as Heard)
    }
    return undefined
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
