import { Component, h } from 'preact'

import type { Chat } from '../chat'
import type { Words } from '../i18n/words'
import { Composer } from './Composer'
import { Header } from './Header'
import { Log } from './Log'

export interface ViewProps {
  chat: Chat
  words: Words
}

type Props = ViewProps & { draft: string }

export class App extends Component<Props, { dropping: boolean }> {
  state = { dropping: false }

  componentDidMount(): void {
    this.componentDidUpdate()
  }

  componentDidUpdate(): void {
    const { chat } = this.props
    chat.onChange = () => this.setState({})
    const { style } = document.documentElement
    style.setProperty('--brand', chat.state.site.color)
    style.setProperty('--on-brand', chat.state.site.on_color)
  }

  private talk({ chat, words, draft }: Props) {
    const { phase, refusal, epoch, menu, open } = chat.state
    const part = menu && chat.part('menu')
    if (open) void chat.load('extras')
    return [
      <div class="under" inert={!!part}>
        <p class="banner" role="status">
          {phase === 'offline' && words.t('offline')}
        </p>
        <Log chat={chat} words={words} state={chat.state} waiting={chat.outbox.items} />
        {phase === 'refused' ? (
          <p class="refused" role="alert">
            {words.t(refusal === 'bad_identity' || refusal === 'identity_needed' ? 'refusedIdentity' : 'refused')}
          </p>
        ) : (
          <Composer key={epoch} chat={chat} words={words} draft={epoch ? '' : draft} open={open && !menu} />
        )}
      </div>,
      part && <part.Menu chat={chat} words={words} />,
    ]
  }

  render(props: Props, { dropping }: { dropping: boolean }) {
    const { chat, words } = props
    const drag = (over: boolean) => (event: DragEvent) => {
      event.preventDefault()
      this.setState({ dropping: over })
    }
    const forms = !chat.state.agreed && chat.part('forms')
    return (
      <div
        class="panel"
        role="dialog"
        aria-labelledby="title"
        onKeyDown={(event) => event.key === 'Escape' && !event.isComposing && chat.close()}
        onDragOver={drag(true)}
        onDragLeave={drag(false)}
        onDrop={(event) => {
          drag(false)(event)
          void chat.attach(event.dataTransfer?.files)
        }}
      >
        <Header chat={chat} words={words} />
        <div class="body">{chat.state.agreed ? this.talk(props) : forms && <forms.Consent chat={chat} words={words} />}</div>
        {dropping && <div class="drop">{words.t('drop')}</div>}
      </div>
    )
  }
}
