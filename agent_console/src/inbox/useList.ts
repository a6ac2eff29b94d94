import { computed, shallowRef, watch, type Ref } from 'vue'

import type { Counts } from '../api/types'
import { useConversations } from '../live/queries'
import type { ConversationFilter } from '../live/keys'
import { steady, type Row } from './steady'

type Tier = 'us' | 'customer' | 'nobody'
const TIERS: readonly Tier[] = ['us', 'customer', 'nobody']

/**
 * The rows of one list. Sorted by waiting, it has tiers: who waits for us (longest first), then the others (newest first); a tier is fetched when
 * the one above is at its end. While `held`, rows keep their places.
 */
export function useList(filter: Ref<ConversationFilter>, counts: Ref<Counts | undefined>, held: Ref<boolean>) {
  const tiered = computed(() => filter.value.sort === 'waiting')
  const waitingForUs = useConversations(() => (tiered.value ? { ...filter.value, waiting_for: 'us' } : filter.value))
  const forCustomer = useConversations(() => ({ ...filter.value, waiting_for: 'customer', sort: 'newest' }), () => tiered.value && ended(waitingForUs))
  const forNobody = useConversations(() => ({ ...filter.value, waiting_for: 'nobody', sort: 'newest' }), () => tiered.value && ended(waitingForUs) && ended(forCustomer))
  const tiers = { us: waitingForUs, customer: forCustomer, nobody: forNobody }

  const fresh = computed<Row[]>(() => (tiered.value ? TIERS.flatMap((tier) => section(tier)) : rowsOf(waitingForUs)))
  const shown = shallowRef<Row[]>([])
  const waiting = shallowRef(0)

  function section(tier: Tier): Row[] {
    const rows = rowsOf(tiers[tier])
    return rows.length ? [{ kind: 'heading', key: tier, section: tier, count: countOf(tier) }, ...rows] : []
  }

  function countOf(tier: Tier): number | undefined {
    const { view } = filter.value
    if (tier === 'nobody' || view === 'snoozed' || view === 'closed') return undefined
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

  function more(): void {
    const next = (tiered.value ? TIERS : (['us'] as const)).map((tier) => tiers[tier]).find((query) => query.hasNextPage.value)
    if (next && !next.isFetchingNextPage.value) void next.fetchNextPage()
  }

  return {
    rows: shown,
    waiting,
    refresh,
    more,
    loading: computed(() => waitingForUs.isPending.value),
    error: computed(() => waitingForUs.error.value),
    retry: () => waitingForUs.refetch(),
  }
}

type ConversationQuery = ReturnType<typeof useConversations>
const ended = (query: ConversationQuery): boolean => query.isSuccess.value && !query.hasNextPage.value
const rowsOf = (query: ConversationQuery): Row[] =>
  query.data.value?.pages.flatMap((page) => page.items.map((conversation): Row => ({ kind: 'conversation', key: conversation.id, conversation }))) ?? []
