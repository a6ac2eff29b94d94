/** What the host's page needs only on phones, or when somebody is invited: loaded by the loader when it is wanted. */
import type { Invitation } from '../common/messages'

type CloseWatcher = { onclose: () => void; destroy(): void }

let leave: (() => void) | null = null

/**
 * A panel that fills the screen: it stays in the part that the keyboard leaves, and the phone's «back» closes it.
 *
 * Call it for every change; `full` says whether it fills the screen now.
 */
export function fill(box: HTMLElement, full: boolean, close: () => void): void {
  const fit = (): void => {
    box.style.height = full && visualViewport ? `${visualViewport.height}px` : ''
    box.style.top = full && visualViewport ? `${visualViewport.offsetTop}px` : ''
  }
  if (visualViewport) visualViewport.onresize = visualViewport.onscroll = full ? fit : null
  fit()
  if (!full) leave?.()
  if (full && !leave) leave = onBack(close)
}

/** Call `close` when the visitor goes back; returns how to end that. */
function onBack(close: () => void): () => void {
  const { CloseWatcher: Watcher } = window as { CloseWatcher?: new () => CloseWatcher }
  if (Watcher) {
    // Without a trace in the page's history (HTML, «close watchers»).
    const watcher = Object.assign(new Watcher(), { onclose: close })
    return () => {
      leave = null
      watcher.destroy()
    }
  }
  history.pushState({ ...history.state, hubChat: true }, '')
  const onPop = (): void => {
    removeEventListener('popstate', onPop)
    leave = null
    close()
  }
  addEventListener('popstate', onPop)
  return () => {
    leave = null
    removeEventListener('popstate', onPop)
    if ((history.state as { hubChat?: boolean } | null)?.hubChat) history.back()
  }
}

const STYLE =
  'p{box-sizing:border-box;position:fixed;margin:0;display:flex;gap:4px;align-items:flex-start;max-width:min(300px,100vw - 40px);padding:4px;border-radius:14px;background:#fff;color:#111827;box-shadow:0 4px 20px #0005;font:16px/1.5 system-ui,-apple-system,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif;text-align:start}' +
  'p button,p button:hover{all:unset;position:static;box-sizing:border-box;cursor:pointer;filter:none;color:inherit;background:none}' +
  'p .say{padding:8px 10px;overflow-wrap:anywhere}' +
  'p .later{flex:none;width:36px;height:36px;border-radius:10px;text-align:center;font-size:20px}' +
  'p .never{display:block;padding:0 10px 6px;font-size:13px;color:#57606e;text-decoration:underline;min-height:26px}' +
  'p button:focus-visible{outline:2px solid #111827;outline-offset:-2px;border-radius:10px}' +
  '.dark{background:#14181f;color:#e8ebf0}.dark .never{color:#a9b2c0}.dark button:focus-visible{outline-color:#e8ebf0}' +
  '@media (forced-colors:active){p{border:1px solid}}'

/** Show an invitation beside the launcher, in place of the one before; null takes it away. */
export function invite(
  root: ShadowRoot,
  invitation: Invitation | null,
  onAnswer: (answer: 'open' | 'later' | 'never') => void,
): void {
  root.querySelector('p')?.remove()
  if (!invitation) return
  if (root.adoptedStyleSheets.length < 2) {
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(STYLE)
    root.adoptedStyleSheets = [sheet, ...root.adoptedStyleSheets] // the site's places come after it
  }
  const box = document.createElement('p')
  box.className = invitation.dark ? 'dark' : ''
  box.setAttribute('role', 'status')
  box.dir = getComputedStyle(document.documentElement).direction
  const answer = (what: 'open' | 'later' | 'never') => () => {
    box.remove()
    onAnswer(what)
  }
  const words = document.createElement('span')
  words.style.cssText = 'all:unset;flex:1'
  words.append(button('say', invitation.text, answer('open')), button('never', invitation.never, answer('never')))
  const cross = button('later', '×', answer('later'))
  cross.ariaLabel = invitation.later
  box.append(words, cross)
  root.append(box)
}

function button(name: string, text: string, onclick: () => void): HTMLButtonElement {
  const made = document.createElement('button')
  return Object.assign(made, { type: 'button', className: name, textContent: text, onclick })
}
