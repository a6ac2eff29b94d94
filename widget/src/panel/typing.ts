export interface TypingNotice {
  typing: boolean
  name: string
}

const LASTS = 6_000 // milliseconds an agent's typing is shown without being told again
const AGAIN = 3_000
const PAUSE = 4_000

/** Typing, both ways. `tell` says ours to the server; `onShown` gets who types there (the empty string without a name), or null. */
export class Typing {
  private told = 0
  private ends = 0
  private shownEnds = 0

  constructor(
    private readonly tell: (typing: boolean) => void,
    private readonly onShown: (who: string | null) => void,
  ) {}

  /** Call it for each key. */
  key(): void {
    clearTimeout(this.ends)
    this.ends = window.setTimeout(() => this.stop(), PAUSE)
    if (Date.now() - this.told < AGAIN) return
    this.told = Date.now()
    this.tell(true)
  }

  stop(): void {
    clearTimeout(this.ends)
    if (this.told) this.tell(false)
    this.told = 0
  }

  show({ typing, name }: TypingNotice): void {
    clearTimeout(this.shownEnds)
    this.onShown(typing ? name : null)
    if (typing) this.shownEnds = window.setTimeout(() => this.onShown(null), LASTS)
  }
}
