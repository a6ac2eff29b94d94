import { Component, createRef, h } from 'preact'

import { isColor, textOn } from '../../common/contrast'
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
  private readonly root = createRef<HTMLDivElement>()

  componentDidMount(): void {
    this.props.chat.onChange = () => this.setState({})
  }

  componentDidUpdate(): void {
    const color = this.props.chat.state.site?.color
    if (!isColor(color)) return
    this.root.current!.style.setProperty('--brand', color)
    this.root.current!.style.setProperty('--on-brand', textOn(color))
  }

  render({ chat, words, draft }: Props, { dropping }: { dropping: boolean }) {
    const { phase, refusal, epoch } = chat.state
    const drag = (over: boolean) => (event: DragEvent) => {
      event.preventDefault()
      this.setState({ dropping: over })
    }
    return (
      <div
        class="panel"
        role="dialog"
        aria-labelledby="title"
        ref={this.root}
        onKeyDown={(event) => event.key === 'Escape' && !event.isComposing && chat.close()}
        onDragOver={drag(true)}
        onDragLeave={drag(false)}
        onDrop={(event) => {
          drag(false)(event)
          void chat.attach(event.dataTransfer?.files)
        }}
      >
        <Header chat={chat} words={words} />
        <p class="banner" role="status">
          {phase === 'offline' && words.t('offline')}
        </p>
        <Log chat={chat} words={words} state={chat.state} waiting={chat.outbox.items} />
        {phase === 'refused' ? (
          <p class="refused" role="alert">
            {words.t(refusal === 'bad_identity' || refusal === 'identity_needed' ? 'refusedIdentity' : 'refused')}
          </p>
        ) : (
          <Composer key={epoch} chat={chat} words={words} draft={epoch ? '' : draft} open={chat.state.open} />
        )}
        {dropping && <div class="drop">{words.t('drop')}</div>}
      </div>
    )
  }
}
