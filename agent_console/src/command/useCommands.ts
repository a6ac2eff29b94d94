import { keepPreviousData, useQuery, useQueryClient, type InfiniteData } from '@tanstack/vue-query'
import { computed, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'

import { hub } from '../api/hub'
import type { ConversationView, CustomerView, Page, TicketView } from '../api/types'
import { act, ACTION_IDS, ACTIONS, can, keysFor, ownActions } from '../lib/actions'
import { useDelayed } from '../lib/delayed'
import { keys } from '../live/keys'
import { useSession } from '../session/store'
import { ranked } from './rank'
import { SETTINGS } from './settings'

export interface Command {
  id: string
  kind: 'action' | 'conversation' | 'customer' | 'ticket' | 'setting'
  name: string
  /** Other words it answers to; shown small when `detail` is not given. */
  also: string
  detail?: string
  keys?: string
  channel?: ConversationView['channel']
  run: () => unknown
}

const MOST = 6
const KINDS = ['action', 'conversation', 'customer', 'ticket', 'setting'] as const

/** Everything that answers to `text`: at once what this page knows, a moment later what the hub finds. */
export function useCommands(text: Ref<string>) {
  const { t } = useI18n()
  const router = useRouter()
  const client = useQueryClient()
  const session = useSession()
  const words = computed(() => text.value.trim())
  const delayed = useDelayed(words, 180)
  const asked = computed(() => delayed.value.length > 1)

  const actions = computed<Command[]>(() => [
    ...ACTION_IDS.filter((id) => id !== 'command' && id !== 'back' && can(id)).map((id) => ({ id: 'action:' + id, kind: 'action' as const, name: t('action.' + id), also: t('scope.' + ACTIONS[id][1]), keys: keysFor(id), run: () => act(id) })),
    ...ownActions().map((one) => ({ id: 'own:' + one.id, kind: 'action' as const, name: one.title, also: t('scope.macros'), keys: one.keys, run: one.run })),
  ])
  const settings = computed<Command[]>(() =>
    SETTINGS.filter(({ right }) => !right || session.may(right)).map(({ id }) => ({ id: 'setting:' + id, kind: 'setting', name: t('settings_place.' + id), also: t('place.settings'), detail: t('place.settings'), run: () => router.push('/settings/' + id) })),
  )

  const fromHub = <T,>(name: string, allowed: () => boolean, fetch: (q: string, signal: AbortSignal) => Promise<Page<T>>) =>
    useQuery({
      queryKey: computed(() => ['command', name, delayed.value]),
      queryFn: ({ signal }) => fetch(delayed.value, signal),
      enabled: computed(() => asked.value && allowed()),
      placeholderData: keepPreviousData,
      staleTime: 10_000,
      gcTime: 60_000,
    })
  const messages = fromHub('messages', () => true, (q, signal) => hub.search({ q }, signal))
  const customers = fromHub('customers', () => session.may('customers.read'), (q, signal) => hub.customers({ q, limit: MOST }, signal))
  const tickets = fromHub('tickets', () => session.may('tickets.read'), (q, signal) => hub.tickets({ q, limit: MOST }, signal))

  const ofConversation = (one: Pick<ConversationView, 'id' | 'number' | 'subject' | 'preview' | 'channel' | 'customer' | 'contact'>, also = ''): Command => ({
    id: 'conversation:' + one.id,
    kind: 'conversation',
    name: one.customer?.name || one.contact || t('unknown_customer'),
    also: [`#${one.number}`, also || one.subject || one.preview].join(' · '),
    channel: one.channel,
    run: () => router.push(`/inbox/all/${one.id}`),
  })
  const ofCustomer = (one: CustomerView): Command => ({
    id: 'customer:' + one.id,
    kind: 'customer',
    name: one.name,
    also: [one.number, one.company, ...one.addresses.slice(0, 2).map((address) => address.display)].filter(Boolean).join(' · '),
    run: () => router.push(`/customers/${one.id}`),
  })
  const ofTicket = (one: TicketView): Command => ({ id: 'ticket:' + one.id, kind: 'ticket', name: one.title, also: one.number, run: () => router.push(`/tickets/${one.id}`) })

  /** What lists and pages have fetched already. */
  function known(): Command[] {
    const pages = <T,>(key: readonly unknown[]): T[] => client.getQueriesData<InfiniteData<Page<T>>>({ queryKey: key }).flatMap(([, data]) => data?.pages?.flatMap((page) => page.items) ?? [])
    return [...pages<ConversationView>(keys.allConversations).map((one) => ofConversation(one)), ...pages<CustomerView>(keys.customers).map(ofCustomer), ...pages<TicketView>(keys.tickets).map(ofTicket)]
  }

  const found = computed<Command[]>(() =>
    !asked.value
      ? []
      : [
          ...(messages.data.value?.items ?? []).map((hit) => ofConversation(hit.conversation as ConversationView, hit.message.snippet)),
          ...(customers.data.value?.items ?? []).map(ofCustomer),
          ...(tickets.data.value?.items ?? []).map(ofTicket),
        ],
  )

  const groups = computed(() => {
    if (!words.value) return [{ kind: 'action' as const, items: actions.value }, { kind: 'setting' as const, items: settings.value }]
    const here = ranked([...actions.value, ...known(), ...settings.value], words.value)
    const all = [...new Map([...found.value, ...here].map((one) => [one.id, one])).values()]
    const place = new Map(here.map((one, at) => [one.id, at]))
    const near = (one: Command): number => place.get(one.id) ?? here.length
    return KINDS.map((kind) => ({ kind, items: all.filter((one) => one.kind === kind).sort((a, b) => near(a) - near(b)).slice(0, MOST) }))
      .filter(({ items }) => items.length)
      .sort((a, b) => near(a.items[0]!) - near(b.items[0]!))
  })

  return { groups, busy: computed(() => asked.value && (messages.isFetching.value || customers.isFetching.value || tickets.isFetching.value)) }
}
