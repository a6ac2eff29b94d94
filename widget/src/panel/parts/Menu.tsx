import { Component, createRef, h } from 'preact'

import type { ViewProps } from '../view/App'
import type { Key } from '../i18n/words'

type View = 'list' | 'transcript' | 'forget'
interface State {
  view: View
  email: string
  said: string
  busy: boolean
}

const REFUSALS: Record<string, Key> = { nothing_to_send: 'transcriptEmpty', rate_limited: 'transcriptOften' }

/** What a visitor can set or have done; over the talk, until he goes back to it. */
export class Menu extends Component<ViewProps, State> {
  state: State = { view: 'list', email: this.props.chat.state.contact.email ?? '', said: '', busy: false }
  private readonly box = createRef<HTMLDivElement>()

  componentDidMount(): void {
    this.box.current!.querySelector<HTMLElement>('input,button')?.focus()
  }

  componentDidUpdate(_: ViewProps, before: State): void {
    if (before.view !== this.state.view) this.componentDidMount()
  }

  private async send(): Promise<void> {
    const { chat, words } = this.props
    this.setState({ busy: true })
    const answer = await chat.request('transcript', { conversation_id: chat.state.talk!.id, email: this.state.email })
    const refusal = answer && !answer.ok ? REFUSALS[answer.code] : undefined
    const said = answer?.ok ? words.t('transcriptSent', { email: String(answer.email) }) : words.t(refusal ?? 'wentWrong')
    this.setState({ busy: false, said, ...(answer?.ok && { view: 'list' as const }) })
  }

  private async forget(): Promise<void> {
    const { chat, words } = this.props
    this.setState({ busy: true })
    const answer = await chat.request('forget', {})
    if (answer?.ok) chat.host.post({ type: 'forget' })
    else this.setState({ busy: false, said: words.t('wentWrong') })
  }

  private onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape' || event.isComposing) return
    event.stopPropagation() // it closes the menu, not the chat
    if (this.state.view === 'list') this.props.chat.showMenu(false)
    else this.setState({ view: 'list', said: '' })
  }

  render({ chat, words }: ViewProps, { view, email, said, busy }: State) {
    const { site, talk, sound } = chat.state
    const go = (to: View) => () => this.setState({ view: to, said: '' })
    return (
      <div class="menu" ref={this.box} role="group" aria-label={words.t('menu')} onKeyDown={this.onKeyDown}>
        {view === 'list' && (
          <ul>
            {site.sound && (
              <li>
                <label>
                  <input type="checkbox" role="switch" checked={sound} onChange={() => chat.setSound(!sound)} />
                  {words.t('sound')}
                </label>
              </li>
            )}
            {site.transcript && talk && (
              <li>
                <button type="button" onClick={go('transcript')}>
                  {words.t('transcript')}
                </button>
              </li>
            )}
            {site.forgetting && talk && (
              <li>
                <button type="button" class="bad" onClick={go('forget')}>
                  {words.t('forget')}
                </button>
              </li>
            )}
            <li>
              <button type="button" onClick={() => chat.showMenu(false)}>
                {words.t('toChat')}
              </button>
            </li>
          </ul>
        )}
        {view === 'transcript' && (
          <form
            onSubmit={(event) => {
              event.preventDefault()
              void this.send()
            }}
          >
            <h2>{words.t('transcript')}</h2>
            <label>
              {words.t('transcriptTo')}
              <input
                type="email"
                required
                autocomplete="email"
                maxLength={200}
                value={email}
                onInput={({ currentTarget }) => this.setState({ email: currentTarget.value })}
              />
            </label>
            <button class="main" disabled={busy}>
              {words.t('transcriptSend')}
            </button>
            <button type="button" class="link" onClick={go('list')}>
              {words.t('cancel')}
            </button>
          </form>
        )}
        {view === 'forget' && (
          <div role="alertdialog" aria-labelledby="forget" aria-describedby="forgetting">
            <h2 id="forget">{words.t('forget')}</h2>
            <p id="forgetting">{words.t('forgetAsk')}</p>
            <button type="button" class="link" onClick={go('list')}>
              {words.t('cancel')}
            </button>
            <button type="button" class="main bad" disabled={busy} onClick={() => void this.forget()}>
              {words.t('forgetYes')}
            </button>
          </div>
        )}
        <p role="status">{said}</p>
      </div>
    )
  }
}
