/** What suggestions need of the place where one writes, plain or rich. */
export interface Field {
  focus(): void
  /** What stands before the caret in its line; '' while something is selected. */
  before(): string
  /** Puts text in place of so many letters before the caret; `html`: the same with formatting, where that is possible. */
  replace(letters: number, text: string, html?: string | null): void
}
