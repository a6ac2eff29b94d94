import { VueQueryPlugin } from '@tanstack/vue-query'
import { flushPromises, mount } from '@vue/test-utils'
import { createPinia } from 'pinia'
import { afterEach, expect, it, vi } from 'vitest'
import { defineComponent, h, ref } from 'vue'
import { createI18n } from 'vue-i18n'

import { ApiError } from '../src/api/http'
import { hub } from '../src/api/hub'
import type { Me } from '../src/api/types'
import { keys } from '../src/live/keys'
import { useSession } from '../src/session/store'
import { useConversationActions } from '../src/thread/useConversationActions'
import { conversation, ME, newClient } from './fixtures'

afterEach(() => void vi.restoreAllMocks())

it('what somebody else took first is not taken from him, and is shown as it is', async () => {
  const client = newClient()
  const seen = conversation({ id: 'c1', version: 7, assignee_id: null })
  const shown = ref(seen)
  client.setQueryData(keys.conversation('c1'), seen)
  const assign = vi.spyOn(hub, 'assign').mockRejectedValueOnce(new ApiError({ status: 409, code: 'stale' })).mockResolvedValueOnce({ ...seen, version: 9, rev: 3, assignee_id: ME })
  let actions!: ReturnType<typeof useConversationActions>
  const Host = defineComponent({
    setup() {
      useSession().me = { id: ME } as Me
      actions = useConversationActions(() => 'c1', shown, ref('Ann'), () => undefined)
      return () => h('div')
    },
  })
  mount(Host, { global: { plugins: [createPinia(), createI18n({ legacy: false, locale: 'en', messages: { en: { problem: { stale: 'stale' } } } }), [VueQueryPlugin, { queryClient: client }]] } })

  expect(await actions.take()).toBe(false)
  expect(assign).toHaveBeenLastCalledWith('c1', ME, 7)
  expect(client.getQueryState(keys.conversation('c1'))?.isInvalidated).toBe(true)

  // Right after something else this page did: as it is once that is done.
  vi.spyOn(hub, 'changeConversation').mockImplementation(async () => (shown.value = { ...seen, version: 8, rev: 2, priority: 'high' }))
  void actions.change({ priority: 'high' })
  expect(await actions.take()).toBe(true)
  expect(assign).toHaveBeenLastCalledWith('c1', ME, 8)
  await flushPromises()
  expect(client.getQueryData(keys.conversation('c1'))).toMatchObject({ assignee_id: ME })
})
