// Negatives ("no attachment") and what was quoted are not worth a rule: a question too many costs one click.
const PROMISES = /\b(?:attach(?:ed|ing|ment|ments)?|enclos(?:ed|ing|ure))\b|附件|随信附|附上|附带文件|见附|已附/i

/** Whether a text speaks of a file that goes with it. Quoted lines do not count. */
export function promisesFile(text: string): boolean {
  return PROMISES.test(text.replace(/^\s*>.*$/gm, ''))
}

/** The word before the caret that calls for suggestions, if there is one. */
export interface Call {
  kind: 'canned' | 'colleague' | 'emoji'
  word: string
  /** Letters from the sign to the caret. */
  letters: number
}

const CALLS: [Call['kind'], RegExp][] = [
  ['canned', /(?:^|\s)(\/(\S{0,30}))$/],
  ['colleague', /(?:^|[\s(（，。、])(@([^\s@]{0,20}))$/],
  ['emoji', /(?:^|[\s\p{Script=Han}，。！？])([:：]([a-z_]{2,20}|\p{Script=Han}{1,4}))$/u],
]

/** `before`: the text from the beginning of the line to the caret. */
export function callIn(before: string, mode: 'reply' | 'note'): Call | null {
  for (const [kind, pattern] of CALLS) {
    const found = kind === 'colleague' && mode !== 'note' ? null : pattern.exec(before)
    if (found) return { kind, word: found[2]!, letters: found[1]!.length }
  }
  return null
}
