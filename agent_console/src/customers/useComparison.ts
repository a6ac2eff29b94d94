import { useQuery, useQueryClient } from '@tanstack/vue-query'
import { computed, reactive, ref, watch } from 'vue'
import { useI18n } from 'vue-i18n'

import { ApiError } from '../api/http'
import { hub } from '../api/hub'
import { useProblemText } from '../api/problems'
import type { CustomerView, Id } from '../api/types'
import { keys } from '../live/keys'
import { areDifferent, differing, FIELDS, given, likelier, proposed, sharePhoneOnly, type Field, type Pick, type Picks } from './merging'
import { useCustomerMerge } from './useCustomerMerge'

/** Two customers, which of them is kept, and what of the other's it gets. `done` is called once they are one. */
export function useComparison(first: () => CustomerView, second: () => Id | undefined, done: () => void) {
  const { t } = useI18n()
  const client = useQueryClient()
  const { problemText } = useProblemText()
  const { merge: join } = useCustomerMerge()
  const query = useQuery({ queryKey: computed(() => keys.customer(second() ?? '')), queryFn: () => hub.customer(second()!), enabled: computed(() => !!second()) })

  const both = computed(() => (query.data.value && query.data.value.id !== first().id ? ([first(), query.data.value] as const) : undefined))
  const keptId = ref<Id>()
  const kept = computed(() => both.value && (both.value.find((one) => one.id === keptId.value) ?? likelier(...both.value)))
  const gone = computed(() => both.value?.find((one) => one !== kept.value))
  const fields = computed(() => (both.value ? differing(...both.value) : []))

  // Whoever has chosen one of two values has chosen the value, whichever record is kept in the end.
  const chosen = reactive<Partial<Record<Field, Id | 'both'>>>({})
  function pickOf(field: Field): Id | 'both' {
    const pick = proposed(field, kept.value!, gone.value!)
    return chosen[field] ?? (pick === 'both' ? pick : pick === 'kept' ? kept.value!.id : gone.value!.id)
  }
  const asPick = (id: Id | 'both'): Pick => (id === 'both' ? id : id === kept.value!.id ? 'kept' : 'gone')

  const isDifferent = computed(() => !!both.value && areDifferent(...both.value))
  const isPhoneOnly = computed(() => !!both.value && !isDifferent.value && sharePhoneOnly(...both.value))
  const sure = ref(false)
  const busy = ref(false)
  const failure = ref<unknown>()
  const ready = computed(() => !!both.value && (!isDifferent.value || sure.value))
  // What was said of one says nothing of another.
  watch(second, () => {
    for (const field of FIELDS) delete chosen[field]
    keptId.value = failure.value = undefined
    sure.value = false
  })

  const problem = computed(() => {
    const error = failure.value ?? query.error.value
    if (!error && !busy.value && query.data.value?.id === first().id) return t('merge.already')
    if (error instanceof ApiError && (error.code === 'stale' || error.code === 'merged')) return t('merge.stale')
    return error ? problemText(error) : ''
  })

  async function merge(): Promise<void> {
    if (!ready.value || busy.value) return
    const picks: Picks = Object.fromEntries(fields.value.map((field) => [field, asPick(pickOf(field))]))
    busy.value = true
    failure.value = undefined
    try {
      await join(gone.value!, kept.value!, { fields: given(kept.value!, gone.value!, picks), despite_verified: isDifferent.value })
      done()
    } catch (error) {
      failure.value = error
      sure.value = false
      if (error instanceof ApiError && error.status === 409) await Promise.all([first().id, second()!].map((id) => client.invalidateQueries({ queryKey: keys.customer(id) })))
    } finally {
      busy.value = false
    }
  }

  return { both, kept, keptId, fields, chosen, pickOf, isDifferent, isPhoneOnly, sure, busy, ready, problem, merge }
}

export type Comparison = ReturnType<typeof useComparison>
