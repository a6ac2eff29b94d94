import { useQueryClient } from '@tanstack/vue-query'
import { defineStore } from 'pinia'
import { computed, ref } from 'vue'

import { ApiError, useCsrfToken, whenSignedOut } from '../api/http'
import { hub } from '../api/hub'
import type { Me, Right, SessionView } from '../api/types'
import { useLocale } from '../i18n'
import { look } from '../lib/look'
import { keepFor } from '../lib/owner'
import { useLive } from '../live/store'

/** Who is signed in on this page. */
export const useSession = defineStore('session', () => {
  const me = ref<Me | null>(null)
  const setupNeeded = ref(false)
  const insecure = ref(false)
  const live = useLive()
  const client = useQueryClient()

  const rights = computed(() => new Set<Right>(me.value?.rights ?? []))
  const may = (right: Right): boolean => rights.value.has(right)

  async function begin(session: SessionView): Promise<void> {
    useCsrfToken(session.csrf_token)
    keepFor(session.user.id)
    look.theme = session.user.theme
    await Promise.all([useLocale(session.user.locale), live.start(session.user.id)])
    me.value = session.user
  }

  /** Asks the hub who this is; nobody is a normal answer. */
  async function restore(): Promise<void> {
    try {
      await begin(await hub.session())
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error
      const setup = await hub.setup()
      setupNeeded.value = setup.needed
      insecure.value = !setup.public_url_is_secure && !isSecureContext // this machine itself is safe
    }
  }

  /** `code`: of the second factor, once the hub has asked for it (`totp_needed`). */
  async function signIn(name: string, password: string, code?: string): Promise<void> {
    await begin(await hub.signIn({ name, password, ...(code && { code }) }))
    setupNeeded.value = false
  }

  async function signOut(): Promise<void> {
    await hub.signOut()
    forget()
  }

  function forget(): void {
    if (!me.value) return
    live.stop()
    me.value = null
    client.clear()
  }

  whenSignedOut(forget)
  return { me, setupNeeded, insecure, may, restore, signIn, signOut, begin, forget }
})
