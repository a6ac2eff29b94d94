import { useQueryClient } from '@tanstack/vue-query'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'

import { api, done } from '../api/http'
import { useProblemText } from '../api/problems'
import type { components } from '../api/schema'
import type { CustomerView, Id } from '../api/types'
import { takeCustomer } from '../live/patch'
import { dismiss, toast } from '../ui/toasts'

type Wanted = components['schemas']['MergeIntoCustomer']

/** The toasts that offer to undo a merge, by who went. */
const offers = new Map<Id, number>()

/** Making one customer of two, and two of one again. */
export function useCustomerMerge() {
  const { t } = useI18n()
  const client = useQueryClient()
  const router = useRouter()
  const { attempt } = useProblemText()
  const at = (id: Id): string => `/customers/${id}`
  const isAt = (id: Id): boolean => router.currentRoute.value.path === at(id)

  /** Raises what the hub refuses with. Whoever looks at the one that goes is led to the kept one. */
  async function merge(gone: CustomerView, kept: CustomerView, wanted: Pick<Wanted, 'fields' | 'despite_verified'>): Promise<void> {
    const body = { ...wanted, into_id: kept.id, version: gone.version, into_version: kept.version }
    const wasAtGone = isAt(gone.id)
    const now = await done(api.POST('/api/v1/customers/{customer_id}/merge', { params: { path: { customer_id: gone.id } }, body }))
    takeCustomer(client, now)
    const offer = toast(t('merge.done', { gone: gone.name, kept: now.name }), { tone: 'ok', action: { label: t('undo'), run: () => void separate(gone.id, wasAtGone ? kept.id : undefined) } })
    offers.set(gone.id, offer.id)
  }

  /** `from`: who looks at that page is led to the one that is separate again. */
  function separate(id: Id, from?: Id): Promise<boolean> {
    return attempt(async () => {
      const alone = await done(api.POST('/api/v1/customers/{customer_id}/unmerge', { params: { path: { customer_id: id } } }))
      takeCustomer(client, alone)
      void client.invalidateQueries({ queryKey: ['customer'] })
      if (from && isAt(from)) await router.push(at(id))
      dismiss(offers.get(id) ?? 0)
      toast(t('merge.separated', { name: alone.name }))
    })
  }

  return { merge, separate }
}
