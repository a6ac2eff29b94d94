import { Component, h } from 'preact'

import type { Talk } from '../model'
import type { ViewProps } from '../view/App'

type Props = ViewProps & { talk: Talk }

const STARS = [1, 2, 3, 4, 5]

/** One tap rates; another tap changes it; a word may be added. */
export class Rating extends Component<Props, { comment: string; said: boolean; failed: boolean }> {
  state = { comment: '', said: false, failed: false }

  private async rate(stars: number, comment: string): Promise<void> {
    const { chat, talk } = this.props
    const answer = await chat.request('rate', { conversation_id: talk.id, stars, comment })
    this.setState({ failed: !answer?.ok, said: !!answer?.ok && !!comment })
    if (answer?.ok) chat.change({ talk: { ...talk, stars } })
  }

  render({ words, talk: { stars } }: Props, { comment, said, failed }: { comment: string; said: boolean; failed: boolean }) {
    return (
      <form
        class="rating"
        onSubmit={(event) => {
          event.preventDefault()
          void this.rate(stars!, comment.trim())
        }}
      >
        <fieldset>
          <legend>{words.t('rate')}</legend>
          {STARS.map((n) => (
            <label key={n} class={stars !== null && n <= stars ? 'on' : ''}>
              <input
                type="radio"
                name="stars"
                class="unseen"
                aria-label={words.t('star', { n })}
                checked={stars === n}
                onChange={() => void this.rate(n, comment.trim())}
              />
              <svg viewBox="0 0 24 24" aria-hidden="true">
                <path d="m12 3 2.7 5.8 6.3.7-4.7 4.3 1.3 6.2-5.6-3.2L6.4 20l1.3-6.2L3 9.5l6.300-.7Z" />
              </svg>
            </label>
          ))}
        </fieldset>
        <p role="status">{failed ? words.t('wentWrong') : stars !== null && words.t('thanks')}</p>
        {stars !== null && !said && (
          <p class="row">
            <input
              aria-label={words.t('comment')}
              placeholder={words.t('comment')}
              maxLength={1000}
              value={comment}
              onInput={({ currentTarget }) => this.setState({ comment: currentTarget.value })}
            />
            <button class="link" disabled={!comment.trim()}>
              {words.t('transcriptSend')}
            </button>
          </p>
        )}
      </form>
    )
  }
}
