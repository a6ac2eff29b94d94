import { Component, createRef, h } from 'preact'

import type { State } from '../state'
import type { Outgoing } from '../outbox'
import type { ViewProps } from './App'
import { MessageBubble, OutgoingBubble } from './Bubble'

type Props = ViewProps & { state: State; waiting: Outgoing[] }

const NEAR = 60 // pixels from the end that still count as being there

const lastOf = ({ messages }: State): string | undefined => messages[messages.length - 1]?.id

/** Everything said. It stays at the end unless the visitor scrolled up; then a button tells of what is new below. */
export class Log extends Component<Props, { below: boolean }> {
  state = { below: false }
  private readonly box = createRef<HTMLDivElement>()
  private atEnd = true

  getSnapshotBeforeUpdate(): number {
    return this.box.current!.scrollHeight
  }

  componentDidUpdate({ state: before, waiting }: Props, _: unknown, height: number): void {
    const { state } = this.props
    const box = this.box.current!
    if (waiting.length < this.props.waiting.length || before.open !== state.open) this.atEnd = true
    if (this.atEnd) this.toEnd()
    else if (before.messages[0]?.id !== state.messages[0]?.id) box.scrollTop += box.scrollHeight - height // older ones came above
    else if (lastOf(before) !== lastOf(state)) this.setState({ below: true })
  }

  private toEnd = (): void => {
    this.box.current!.scrollTop = this.box.current!.scrollHeight
    this.onScroll()
  }

  private onScroll = (): void => {
    const { scrollHeight, scrollTop, clientHeight } = this.box.current!
    this.atEnd = scrollHeight - scrollTop - clientHeight < NEAR
    if (this.atEnd && this.state.below) this.setState({ below: false })
  }

  render({ chat, words, state, waiting }: Props, { below }: { below: boolean }) {
    const { site, talk, messages, hasMore, loading, typing } = state
    const greeting = words.pick(site, 'greeting')
    const isOver = talk?.state === 'closed' && !waiting.length
    const days = messages.map(({ created_at }) => words.day(created_at))
    const extras = site.choice.length > 0 && chat.canChoose && chat.part('extras')
    const rating = isOver && site.rating && messages.some(({ direction }) => direction === 'out') && chat.part('rating')
    return (
      <div class="talk">
        <div class="scroll" ref={this.box} onScroll={this.onScroll} tabIndex={0} role="region" aria-label={words.t('messages')}>
          {hasMore && (
            <button type="button" class="older" disabled={loading} onClick={() => void chat.more()}>
              {words.t('older')}
            </button>
          )}
          {greeting && !hasMore && <p class="bubble" dir="auto">{greeting}</p>}
          <div role="log" aria-label={words.t('messages')} aria-live={loading ? 'off' : 'polite'}>
            {messages.map((message, index) => (
              <MessageBubble
                key={message.client_key ?? message.id}
                chat={chat}
                words={words}
                message={message}
                day={days[index] === days[index - 1] ? null : days[index]!}
                isLastOwn={message.id === lastOf(state) && message.direction === 'in'}
              />
            ))}
            {waiting.map((item) => (
              <OutgoingBubble key={item.key} chat={chat} words={words} item={item} />
            ))}
          </div>
          {isOver && <p class="hint">{words.t('ended')}</p>}
          {rating && <rating.Rating key={talk!.id} chat={chat} words={words} talk={talk!} />}
          {!site.online && <p class="hint">{words.pick(site, 'offline')}</p>}
          {extras && <extras.Choices chat={chat} words={words} choices={site.choice} />}
          <p class="typing">{typing !== null && (typing ? words.t('typingName', { name: typing }) : words.t('typing'))}</p>
        </div>
        {below && (
          <button type="button" class="below" onClick={this.toEnd}>
            {words.t('newBelow')} ↓
          </button>
        )}
      </div>
    )
  }
}
