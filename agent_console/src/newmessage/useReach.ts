import { useQueries } from '@tanstack/vue-query'
import { computed, type Ref } from 'vue'

import { ApiError } from '../api/http'
import { hub } from '../api/hub'
import type { Id, Reach } from '../api/types'
import { keys } from '../live/keys'

/** How an address was understood, and what stands in the way of writing to it. */
export interface Recipient {
  typed: string
  reach?: Reach
  pending: boolean
  /** Codes of `refusal`: what the hub would refuse. */
  refusals: readonly string[]
}

/** What the hub says of each address that was typed or chosen, for the account that would write to it. */
export function useReach(accountId: Ref<Id>, to: Ref<readonly string[]>) {
  const answers = useQueries({
    queries: computed(() =>
      to.value.map((typed) => ({ queryKey: [...keys.reach, accountId.value, typed], queryFn: () => hub.reach(accountId.value, typed), enabled: accountId.value !== '', staleTime: 5_000, gcTime: 60_000, retry: false })),
    ),
  })
  return computed<Recipient[]>(() =>
    to.value.map((typed, at) => {
      const answer = answers.value[at]
      const problem = answer?.error instanceof ApiError ? answer.error.code : ''
      return { typed, reach: answer?.data, pending: !!answer?.isLoading, refusals: problem === 'bad_address' ? ['bad_address'] : (answer?.data?.refusals ?? []) }
    }),
  )
}
