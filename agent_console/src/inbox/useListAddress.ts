import { computed, type Ref } from 'vue'
import { useRoute, useRouter } from 'vue-router'

import type { Id } from '../api/types'
import type { ConversationFilter } from '../live/keys'
import { useViews } from '../live/queries'
import { narrowingFrom, queryOf, savedIn, sortFrom, viewIn, type Narrowing, type Sort } from './address'

/** Which list the address means, and the ways to another. A saved view is an address of its own; narrowing it further leaves it. */
export function useListAddress(place: Ref<string>) {
  const route = useRoute()
  const router = useRouter()
  const { data: views, isSuccess } = useViews()
  const savedId = computed(() => savedIn(place.value))
  const saved = computed(() => views.value?.find((one) => one.id === savedId.value))

  const asked = (): ConversationFilter | undefined => {
    if (!savedId.value) return { view: viewIn(place.value), ...narrowingFrom(route.query), sort: sortFrom(route.query) }
    return saved.value && { view: 'all', ...saved.value.filter, sort: saved.value.sort }
  }
  /** Undefined while the saved view is not known. The same object while it means the same: opening a row makes no other list. */
  const filter = computed<ConversationFilter | undefined>((before) => {
    const now = asked()
    return JSON.stringify(now) === JSON.stringify(before) ? before : now
  })

  const to = (id?: Id) => ({ name: 'inbox', params: { view: place.value, ...(id && { id }) }, query: route.query })

  return {
    views: computed(() => views.value ?? []),
    saved,
    gone: computed(() => !!savedId.value && isSuccess.value && !saved.value),
    filter,
    to,
    open: (id: Id) => router.push(to(id)),
    replace: (id: Id) => router.replace(to(id)),
    leave: () => router.push(to()),
    show: (other: string) => router.push({ name: 'inbox', params: { view: other } }),
    narrow: (narrowing: Narrowing, sort: Sort) => router.replace({ name: 'inbox', params: { view: filter.value?.view ?? 'all' }, query: queryOf(narrowing, sort) }),
  }
}
export type ListAddress = ReturnType<typeof useListAddress>
