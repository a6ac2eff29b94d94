/** Inviting visitors by the site's rules: at most once a visit, and never again where they said so. */
import type { ToPanel } from '../common/messages'
import type { Chat } from './chat'
import type { Rule } from './model'
import './parts/part'

const VISIT_ENDS_AFTER = 30 * 60_000 // milliseconds without a page; as the server counts visits

/** The first rule that is met once somebody has looked at this page for so many seconds. */
export const met = (rules: readonly Rule[], url: string, seconds: number): Rule | undefined =>
  rules.find(({ url_contains, after_seconds }) => url.includes(url_contains) && seconds >= after_seconds)

/** `time of the last page`, and whether somebody was invited in that visit: `1763683200000+`. */
export function visitOf(saved: string | undefined, now: number): { isInvited: boolean } {
  const seen = parseInt(saved ?? '')
  return { isInvited: !!saved?.endsWith('+') && now - seen < VISIT_ENDS_AFTER }
}

/** Look after the rules for as long as the page is there. */
export function watch(chat: Chat): void {
  const { start } = chat.host
  if (start.saved.never) return
  let { isInvited } = visitOf(start.saved.visit, Date.now())
  let since = Date.now()
  const note = (): void => {
    // Before he agreed, only what keeps him from being asked again.
    if (chat.state.agreed || isInvited) chat.save('visit', `${Date.now()}${isInvited ? '+' : ''}`)
  }
  const end = (): void => {
    clearInterval(timer)
    chat.listeners.delete(hear)
    chat.host.post({ type: 'invite', invitation: null })
  }
  const hear = (message: ToPanel): void => {
    if (message.type === 'page') {
      since = Date.now()
      note()
    }
    if (message.type === 'shown' && message.open) end()
    if (message.type === 'invited') {
      if (message.never) chat.save('never', '1')
      end()
    }
  }
  const look = (): void => {
    const { site, messages } = chat.state
    const rule = met(site.invitations, start.page.url, (Date.now() - since) / 1000)
    if (isInvited || !rule || messages.length || document.hidden) return
    isInvited = true
    note()
    const { words } = chat
    const text = words.locale === 'en' ? rule.text_en : rule.text_zh
    const dark = document.documentElement.dataset.theme === 'dark'
    chat.host.post({ type: 'invite', invitation: { text, later: words.t('later'), never: words.t('never'), dark } })
  }
  const timer = setInterval(look, 500)
  chat.listeners.add(hear)
  note()
}
