import { useQueryClient } from '@tanstack/vue-query'
import { computed } from 'vue'

import { hub } from '../api/hub'
import { useProblemText } from '../api/problems'
import type { PresenceState } from '../api/types'
import { hubTime } from '../lib/clock'
import { patch } from '../live/patch'
import { usePresence } from '../live/queries'
import { useSession } from '../session/store'

/** How the signed-in agent is seen, and how to change it: shown at once, taken back where the hub refuses. */
export function useMyPresence() {
  const session = useSession()
  const client = useQueryClient()
  const { attempt } = useProblemText()
  const { data: everybody } = usePresence()
  const mine = computed(() => everybody.value?.find((one) => one.user_id === session.me?.id))
  const state = computed<PresenceState>(() => mine.value?.state ?? 'offline')

  async function choose(wanted: PresenceState, seconds?: number): Promise<void> {
    const userId = session.me!.id
    const before = { state: state.value, since: mine.value?.since, until: mine.value?.until ?? null }
    const show = (to: typeof before) => patch(client, { type: 'presence.changed', data: { user_id: userId, ...to } }, userId)
    show({ state: wanted, since: new Date(hubTime()).toISOString(), until: seconds ? new Date(hubTime() + seconds * 1000).toISOString() : null })
    if (!(await attempt(() => hub.setPresence(wanted, seconds)))) show(before)
  }

  return { mine, state, choose }
}
