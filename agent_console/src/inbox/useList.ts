import { computed, shallowRef, watch, type Ref } from 'vue'

import type { ConversationView, Counts, Page } from '../api/types'
import { useConversations } from '../live/queries'
import type { ConversationFilter } from '../live/keys'
import { hasTiers, narrowness } from './address'
import { steady, type Row } from './steady'

type Tier = 'us' | 'customer' | 'nobody'
const TIERS: readonly Tier[] = ['us', 'customer', 'nobody']
const NONE: ConversationFilter = { view: 'all', sort: 'newest' }

/**
 * The rows of one list. Sorted by waiting, it has tiers: who waits for us (longest first), then the others (newest first); a tier is fetched when
 * the one above is at its end. While `held`, rows keep their places.
 */
export function useList(filter: Ref<ConversationFilter | undefined>, counts: Ref<Counts | undefined>, held: Ref<boolean>) {
  const wanted = computed<ConversationFilter>(() => (filter.value && !hasTiers(filter.value.view) ? { ...filter.value, sort: 'newest' } : (filter.value ?? NONE)))
  const known = computed(() => filter.value !== undefined)
  const tiers = computed<readonly Tier[]>(() => (wanted.value.sort !== 'waiting' ? [] : wanted.value.waiting_for ? [wanted.value.waiting_for] : TIERS))
  const first = computed<ConversationFilter>(() => (tiers.value[0] ? tierOf(tiers.value[0]) : wanted.value))
  const tierOf = (tier: Tier): ConversationFilter => ({ ...wanted.value, waiting_for: tier, sort: tier === 'us' ? 'waiting' : 'newest' })

  const top = useConversations(first, known)
  const second = useConversations(() => tierOf('customer'), () => known.value && tiers.value.length > 1 && ended(top))
  const third = useConversations(() => tierOf('nobody'), () => known.value && tiers.value.length > 1 && ended(top) && ended(second))
  const queries = [top, second, third]

  const fresh = computed<Row[]>(() => (tiers.value.length ? tiers.value.flatMap((tier, at) => section(tier, queries[at]!)) : rowsOf(top)))
  const shown = shallowRef<Row[]>([])
  const waiting = shallowRef(0)

  function section(tier: Tier, query: ConversationQuery): Row[] {
    const rows = rowsOf(query)
    return rows.length ? [{ kind: 'heading', key: tier, section: tier, count: countOf(tier) }, ...rows] : []
  }

  /** What the hub counts is known only for the three main lists as they are. */
  function countOf(tier: Tier): number | undefined {
    const { view, sort, ...narrowing } = wanted.value
    if (tier === 'nobody' || narrowness(narrowing) || (view !== 'mine' && view !== 'unassigned' && view !== 'all')) return undefined
    return counts.value && (counts.value[view]?.[tier] ?? 0)
  }

  function refresh(): void {
    shown.value = fresh.value
    waiting.value = 0
  }

  watch([fresh, held], () => {
    if (!held.value || !shown.value.length) return refresh()
    const now = steady(shown.value, fresh.value)
    shown.value = now.rows
    waiting.value = now.waiting
  }, { immediate: true })
  watch(filter, refresh)

  const following = (): ConversationQuery | undefined => queries.slice(0, Math.max(1, tiers.value.length)).find((query) => query.hasNextPage.value)
  function more(): void {
    const next = following()
    if (next && !next.isFetchingNextPage.value) void next.fetchNextPage()
  }

  return {
    rows: shown,
    waiting,
    refresh,
    more,
    whole: computed(() => known.value && ended(top) && !following()),
    loading: computed(() => !known.value || top.isPending.value),
    error: computed(() => top.error.value),
    retry: () => top.refetch(),
  }
}

type ConversationQuery = ReturnType<typeof useConversations>
const ended = (query: ConversationQuery): boolean => query.isSuccess.value && !query.hasNextPage.value
const rowsOf = (query: ConversationQuery): Row[] => query.data.value?.pages.flatMap(rowsOfPage) ?? []

// Pages to which nothing is done stay the same, and so do their rows: another page at the end of thousands makes no work for those above.
const made = new WeakMap<object, Row[]>()
function rowsOfPage(page: Page<ConversationView>): Row[] {
  const rows = made.get(page) ?? page.items.map((conversation): Row => ({ kind: 'conversation', key: conversation.id, conversation }))
  made.set(page, rows)
  return rows
}
