/**
 * How a text is counted as SMS: the twin of the hub's `hub/messages/segments.py`, held to the same cases (`tests/data/sms/segments.json`).
 * 3GPP TS 23.038 §6.2.1 has the alphabet, TS 23.040 §9.2.3.24 the header that costs room in each part of a long message.
 */

export interface Segmented {
  encoding: 'gsm7' | 'ucs2'
  /** Septets, or UTF-16 code units. */
  units: number
  /** The units in each part; an empty text has none. */
  parts: readonly number[]
  /** What fits in a part, in units: of a message of one part or of several. */
  perPart: number
  /** Units left in the last part. */
  left: number
}

const BASIC = '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà'
const EXTENDED = '\f^{}\\[~]|€'
const SEPTETS = new Map([...[...BASIC].map((one) => [one, 1] as const), ...[...EXTENDED].map((one) => [one, 2] as const)])
const ROOM = { gsm7: { one: 160, several: 153 }, ucs2: { one: 70, several: 67 } }

/** No character that takes two units is parted between two segments. */
export function segment(text: string): Segmented {
  const characters = [...text]
  const encoding = characters.every((one) => SEPTETS.has(one)) ? 'gsm7' : 'ucs2'
  const sizes = characters.map((one) => (encoding === 'gsm7' ? SEPTETS.get(one)! : one.length))
  const units = sizes.reduce((sum, size) => sum + size, 0)
  const { one, several } = ROOM[encoding]
  if (units <= one) return { encoding, units, parts: units ? [units] : [], perPart: one, left: one - units }
  const parts = [0]
  for (const size of sizes) {
    if (parts.at(-1)! + size > several) parts.push(0)
    parts[parts.length - 1]! += size
  }
  return { encoding, units, parts, perPart: several, left: several - parts.at(-1)! }
}

/** What typewriters had instead of what word processors and phones put in by themselves. */
const PLAIN = new Map(
  Object.entries({ "'": '‘’‚‛′`´', '"': '“”„‟″«»', '-': '‐‑‒–—―−•·', '...': '…', ' ': '\u00a0\u2002\u2003\u2007\u2009\u202f', '': '\u00ad\u200b\u2060\ufeff' }).flatMap(([plain, fancy]) => [...fancy].map((one) => [one, plain] as const)),
)

/** Each character once that no SMS of 160 can have, in the order of the text. */
export const foreign = (text: string): string[] => [...new Set([...text].filter((one) => !SEPTETS.has(one)))]

/** The same in plain punctuation, where that makes it an SMS of the short alphabet; else null. */
export function inPlain(text: string): string | null {
  const strange = foreign(text)
  if (!strange.length || !strange.every((one) => PLAIN.has(one))) return null
  return [...text].map((one) => PLAIN.get(one) ?? one).join('')
}
