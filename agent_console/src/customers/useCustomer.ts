import { useQueryClient } from '@tanstack/vue-query'

import { hub } from '../api/hub'
import { ApiError } from '../api/http'
import { useProblemText } from '../api/problems'
import type { CustomerView } from '../api/types'
import { keys } from '../live/keys'

type Change = Omit<Parameters<typeof hub.changeCustomer>[1], 'version'>

/** Changes single fields of a customer; where a colleague was faster, his version is shown and nothing is overwritten. */
export function useCustomerChange() {
  const client = useQueryClient()
  const { attempt } = useProblemText()

  async function change(customer: CustomerView, what: Change): Promise<boolean> {
    return attempt(async () => {
      try {
        client.setQueryData(keys.customer(customer.id), await hub.changeCustomer(customer.id, { ...what, version: customer.version }))
      } catch (error) {
        if (error instanceof ApiError && error.code === 'stale') await client.invalidateQueries({ queryKey: keys.customer(customer.id) })
        throw error
      }
    })
  }
  return { change }
}
