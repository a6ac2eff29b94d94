import type { Id } from '../api/types'
import type { Mode } from './useComposer'

// Drafts live in this browser, one per conversation and mode: a note never turns into a reply by switching.
const at = (id: Id, mode: Mode): string => `switchboard.draft.${mode}.${id}`

export const readDraft = (id: Id, mode: Mode): string => localStorage.getItem(at(id, mode)) ?? ''
export const clearDraft = (id: Id, mode: Mode): void => localStorage.removeItem(at(id, mode))

export function writeDraft(id: Id, mode: Mode, text: string): void {
  if (text) localStorage.setItem(at(id, mode), text)
  else clearDraft(id, mode)
}
