import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/vue-query'
import { computed, inject, provide, toValue, type InjectionKey, type MaybeRefOrGetter } from 'vue'

import { hub } from '../api/hub'
import { inbox } from '../api/inbox'
import type { Id, MessagePage } from '../api/types'
import { keys, type ConversationFilter } from './keys'

const LIST_PAGE = 50 // what is seen at once
const LIST_FURTHER = 200
const MESSAGE_PAGE = 40

/** What several screens read; live events keep it true. */
export const useCounts = () => useQuery({ queryKey: keys.counts, queryFn: hub.counts, placeholderData: keepPreviousData })
export const useAgents = () => useQuery({ queryKey: keys.agents, queryFn: hub.agents })
export const usePresence = () => useQuery({ queryKey: keys.presence, queryFn: hub.presence })
export const useQueues = () => useQuery({ queryKey: keys.queues, queryFn: hub.queues })
export const useTags = () => useQuery({ queryKey: keys.tags, queryFn: inbox.tags })
export const useViews = () => useQuery({ queryKey: keys.views, queryFn: inbox.views })
export const useTicketStates = () => useQuery({ queryKey: keys.ticketStates, queryFn: hub.ticketStates })

export function useConversations(filter: MaybeRefOrGetter<ConversationFilter>, enabled: MaybeRefOrGetter<boolean> = true) {
  return useInfiniteQuery({
    queryKey: computed(() => keys.conversations(toValue(filter))),
    queryFn: ({ pageParam }) => hub.conversations({ ...toValue(filter), cursor: pageParam, limit: pageParam ? LIST_FURTHER : LIST_PAGE }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
    enabled: computed(() => toValue(enabled)),
    // Thousands of rows are neither compared nor watched one by one: they are replaced whole.
    structuralSharing: false,
    shallow: true,
  })
}

export function useConversation(id: MaybeRefOrGetter<Id>) {
  return useQuery({ queryKey: computed(() => keys.conversation(toValue(id))), queryFn: () => hub.conversation(toValue(id)) })
}

export const messageQuery = (id: Id) => ({
  queryKey: keys.messages(id),
  queryFn: ({ pageParam }: { pageParam: unknown }) => hub.messages(id, { before: (pageParam as number | null) ?? undefined, limit: MESSAGE_PAGE }),
  initialPageParam: null as number | null,
  getNextPageParam: (oldest: MessagePage) => (oldest.has_more ? (oldest.items[0]?.n ?? null) : null),
})

/** A timeline from its end: the first page is the newest, further ones are older. */
export function useMessages(id: MaybeRefOrGetter<Id>) {
  const options = computed(() => messageQuery(toValue(id)))
  const query = useInfiniteQuery({
    queryKey: computed(() => options.value.queryKey),
    queryFn: (context) => options.value.queryFn(context),
    initialPageParam: null as number | null,
    getNextPageParam: (oldest) => messageQuery('').getNextPageParam(oldest),
  })
  // Where all of it is just being read again, that comes first: what is older is added to pages that are right.
  return { ...query, fetchNextPage: () => query.fetchNextPage({ cancelRefetch: false }) }
}

type Names = ReturnType<typeof makeNames>
const NAMES: InjectionKey<Names> = Symbol('names')

/** Names for ids, as far as they are known. */
export const useNames = (): Names => inject(NAMES, makeNames, true)

/** For a page with hundreds of parts that name somebody: they are looked up once for all of them. */
export function provideNames(): Names {
  const names = makeNames()
  provide(NAMES, names)
  return names
}

function makeNames() {
  const { data: agents } = useAgents()
  const { data: queues } = useQueues()
  const { data: accounts } = useQuery({ queryKey: keys.accountNames, queryFn: hub.accountNames })
  const agentById = computed(() => new Map(agents.value?.map((agent) => [agent.id, agent])))
  const queueById = computed(() => new Map(queues.value?.map((queue) => [queue.id, queue])))
  const accountById = computed(() => new Map(accounts.value?.map((account) => [account.id as Id, account])))
  return {
    accountName: (id: Id | null | undefined) => (id ? (accountById.value.get(id)?.name ?? '') : ''),
    agents,
    queues,
    agentName: (id: Id | null | undefined) => (id ? (agentById.value.get(id)?.display_name ?? '') : ''),
    queueName: (id: Id | null | undefined) => (id ? (queueById.value.get(id)?.name ?? '') : ''),
  }
}
