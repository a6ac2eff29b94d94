import { Component, createRef, h } from 'preact'

import type { ViewProps } from '../view/App'
import { withLinks } from '../view/links'

/** What the visitor is to agree to before anything is said to the server. */
export class Consent extends Component<ViewProps> {
  private readonly agree = createRef<HTMLButtonElement>()

  componentDidMount(): void {
    if (this.props.chat.state.open) this.agree.current!.focus()
  }

  componentDidUpdate(): void {
    this.componentDidMount()
  }

  render({ chat, words }: ViewProps) {
    return (
      <section class="consent" aria-labelledby="consent">
        <h2 id="consent">{words.t('consent')}</h2>
        <p class="words">{withLinks(words.pick(chat.state.site, 'consent'))}</p>
        <button type="button" class="main" ref={this.agree} onClick={() => chat.agree()}>
          {words.t('agree')}
        </button>
        <button type="button" class="link" onClick={() => chat.close()}>
          {words.t('refuse')}
        </button>
      </section>
    )
  }
}
