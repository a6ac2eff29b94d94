import type { Id } from '../api/types'

/** What is ticked in a list: rows, or everything the filter finds, also on pages that are not loaded. */
export interface Selection {
  ids: ReadonlySet<Id>
  everything: boolean
  /** Where a range begins. */
  from: Id | null
}

export const NOTHING: Selection = { ids: new Set(), everything: false, from: null }

export const isEmpty = ({ ids, everything }: Selection): boolean => !everything && ids.size === 0

/** Ticks a row or takes its tick away. Out of everything, one taken away leaves the rows that are loaded. */
export function toggled(selection: Selection, id: Id, rows: readonly Id[]): Selection {
  const ids = new Set(selection.everything ? rows : selection.ids)
  if (!ids.delete(id)) ids.add(id)
  return { ids, everything: false, from: id }
}

/** Ticks all rows from the one touched last to this one. */
export function extended(selection: Selection, to: Id, rows: readonly Id[]): Selection {
  const [a, b] = [rows.indexOf(selection.from ?? to), rows.indexOf(to)]
  if (a < 0 || b < 0) return toggled(selection, to, rows)
  return { ids: new Set([...selection.ids, ...rows.slice(Math.min(a, b), Math.max(a, b) + 1)]), everything: false, from: selection.from ?? to }
}

export const allOf = (rows: readonly Id[]): Selection => ({ ids: new Set(rows), everything: false, from: null })

/** Rows that left the list leave the selection, too. */
export function kept(selection: Selection, rows: ReadonlySet<Id>): Selection {
  const ids = [...selection.ids].filter((id) => rows.has(id))
  return ids.length === selection.ids.size ? selection : { ...selection, ids: new Set(ids) }
}
