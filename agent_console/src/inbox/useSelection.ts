import { computed, shallowRef, watch, type Ref } from 'vue'

import type { Id } from '../api/types'
import { allOf, extended, isEmpty, kept, NOTHING, toggled, type Selection } from './selection'

/** The ticks of one list. They stay with their rows, and end with the list. */
export function useSelection(rows: Ref<readonly Id[]>, list: Ref<unknown>) {
  const selection = shallowRef<Selection>(NOTHING)
  watch(rows, (now) => (isEmpty(selection.value) || selection.value.everything ? undefined : (selection.value = kept(selection.value, new Set(now)))))
  watch(list, () => clear())

  const clear = (): void => void (selection.value = NOTHING)
  return {
    selection,
    active: computed(() => !isEmpty(selection.value)),
    isChecked: (id: Id): boolean => selection.value.everything || selection.value.ids.has(id),
    tick: (id: Id, range = false): void => void (selection.value = (range ? extended : toggled)(selection.value, id, rows.value)),
    tickAll: (): void => void (selection.value = allOf(rows.value)),
    everything: (): void => void (selection.value = { ...allOf(rows.value), everything: true }),
    clear,
  }
}
export type ListSelection = ReturnType<typeof useSelection>
