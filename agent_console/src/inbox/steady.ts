import type { ConversationView } from '../api/types'

export type Row =
  | { kind: 'heading'; key: string; section: string; count: number | undefined }
  | { kind: 'conversation'; key: string; conversation: ConversationView }

/**
 * What to show while somebody's pointer or focus is in the list: the same rows in the same order, each with its newest content, so that nothing
 * moves under the hand. Rows that are gone go; rows below the last one (a further page) are added; new ones elsewhere wait and are counted.
 */
export function steady(shown: readonly Row[], fresh: readonly Row[]): { rows: Row[]; waiting: number } {
  const byKey = new Map(fresh.map((row) => [row.key, row]))
  const kept = shown.flatMap((row) => byKey.get(row.key) ?? [])
  const known = new Set(kept.map((row) => row.key))
  const last = kept.at(-1)
  const end = last ? fresh.findIndex((row) => row.key === last.key) : -1
  const below = fresh.slice(end + 1).filter((row) => !known.has(row.key))
  const waiting = fresh.slice(0, end + 1).filter((row) => row.kind === 'conversation' && !known.has(row.key)).length
  return { rows: [...kept, ...below], waiting }
}
