import { useQuery, useQueryClient } from '@tanstack/vue-query'
import { computed, toValue, type MaybeRefOrGetter } from 'vue'
import { useI18n } from 'vue-i18n'

import { hub } from '../api/hub'
import { useProblemText } from '../api/problems'
import type { Id, TicketChange, TicketState } from '../api/types'
import { keys } from '../live/keys'
import { useTicketStates } from '../live/queries'

/** One ticket and the ways to change it; a change somebody else overtook is told and the ticket read again. */
export function useTicket(id: MaybeRefOrGetter<Id>) {
  const client = useQueryClient()
  const { attempt } = useProblemText()
  const ticket = useQuery({ queryKey: computed(() => keys.ticket(toValue(id))), queryFn: () => hub.ticket(toValue(id)) })
  const refresh = (): Promise<void> => client.invalidateQueries({ queryKey: keys.ticket(toValue(id)) })

  async function change(what: TicketChange): Promise<void> {
    await attempt(() => hub.changeTicket(toValue(id), { ...what, version: ticket.data.value!.version }))
    await refresh()
  }

  async function addStep(text: string): Promise<boolean> {
    const done = await attempt(() => hub.addStep(toValue(id), text))
    await refresh()
    return done
  }

  return { ticket, change, addStep }
}

/** The states of a ticket in the user's language. */
export function useStates() {
  const { locale } = useI18n()
  const { data: states } = useTicketStates()
  const nameOf = (state: TicketState): string => (locale.value === 'en' ? state.name_en : state.name_zh)
  const byCode = (code: string | null): TicketState | undefined => states.value?.find((state) => state.code === code)
  return {
    states,
    stateName: (code: string | null) => { const state = byCode(code); return state ? nameOf(state) : (code ?? '') },
    stateTone: (code: string) => (({ new: 'info', in_progress: 'acc', waiting: 'warn', finished: 'ok' }) as const)[code as 'new'] ?? 'plain',
    options: computed(() => (states.value ?? []).map((state) => ({ value: state.code, label: nameOf(state) }))),
  }
}
