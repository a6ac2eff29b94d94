import { Component, createRef, h } from 'preact'

import type { ViewProps } from './App'
import { Arrow, Clip } from './icons'

type Props = ViewProps & { draft: string; open: boolean }

const MOST_TEXT = 10_000 // characters the server takes
const TALLEST = 140 // pixels

export class Composer extends Component<Props, { text: string }> {
  state = { text: this.props.draft }
  private readonly area = createRef<HTMLTextAreaElement>()
  private readonly picker = createRef<HTMLInputElement>()
  private readonly form = createRef<HTMLFormElement>()
  private saving = 0

  componentDidMount(): void {
    this.componentDidUpdate({ open: false })
  }

  componentDidUpdate({ open }: Pick<Props, 'open'>): void {
    const area = this.area.current!
    if (this.props.open && !open) area.focus()
    area.style.height = 'auto'
    area.style.height = `${Math.min(area.scrollHeight + 2, TALLEST)}px`
  }

  private write(text: string): void {
    const { chat } = this.props
    this.setState({ text })
    clearTimeout(this.saving)
    this.saving = window.setTimeout(() => chat.keepDraft(text), text ? 300 : 0)
  }

  private get canSend(): boolean {
    const { uploads } = this.props.chat
    return !uploads?.busy && (!!this.state.text.trim() || !!uploads?.ready.length)
  }

  private async send(): Promise<void> {
    const { chat } = this.props
    if (chat.asks && !chat.part('forms')) {
      await chat.load('forms')
      await new Promise((drawn) => setTimeout(drawn))
    }
    if (!this.canSend || !this.form.current!.reportValidity()) return
    chat.say(this.state.text)
    this.write('')
    this.area.current!.focus()
  }

  private onKeyDown = (event: KeyboardEvent): void => {
    // While a word is being composed, Enter belongs to the input method; Safari tells only by the key code.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return
    event.preventDefault()
    void this.send()
  }

  render({ chat, words, open }: Props, { text }: { text: string }) {
    const { uploads } = chat
    const extras = open && chat.part('extras')
    const forms = chat.asks && chat.part('forms')
    const size = words.size(chat.state.site.max_file_bytes)
    const attach = words.t('attach', { size })
    return (
      <form
        class="composer"
        noValidate
        ref={this.form}
        onSubmit={(event) => {
          event.preventDefault()
          void this.send()
        }}
      >
        {forms && <forms.Introduction chat={chat} words={words} />}
        {extras && uploads && <extras.PendingFiles words={words} uploads={uploads} limit={size} />}
        <div class="row">
          <button type="button" class="icon" aria-label={attach} title={attach}
            onClick={() => this.picker.current!.click()}>
            <Clip />
          </button>
          <input ref={this.picker} type="file" multiple hidden
            onChange={({ currentTarget: picker }) => {
              void chat.attach(picker.files)
              picker.value = ''
            }} />
          {extras && <extras.Camera chat={chat} words={words} />}
          <textarea
            dir="auto"
            ref={this.area}
            rows={1}
            maxLength={MOST_TEXT}
            aria-label={words.t('write')}
            placeholder={words.t('write')}
            value={text}
            onInput={({ currentTarget }) => {
              this.write(currentTarget.value)
              chat.typing.key()
            }}
            onKeyDown={this.onKeyDown}
            onPaste={(event) => {
              if (!event.clipboardData?.files.length) return
              event.preventDefault()
              void chat.attach(event.clipboardData.files)
            }}
          />
          <button type="submit" class="icon send" aria-label={words.t('send')} title={words.t('send')} aria-disabled={!this.canSend}>
            <Arrow />
          </button>
        </div>
        <p class="limit">{words.t('filesUpTo', { size })}</p>
      </form>
    )
  }
}
