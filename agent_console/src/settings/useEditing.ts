import { useQueryClient } from '@tanstack/vue-query'
import { computed, ref, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'

import { ApiError } from '../api/http'
import { useProblemText } from '../api/problems'
import { toast } from '../ui/toasts'

/** A list of settings with a dialog to create or change one entry of it. */
export function useEditing<F extends object>(queryKey: readonly unknown[], blank: () => F) {
  const client = useQueryClient()
  const { t } = useI18n()
  const { problemText, attempt } = useProblemText()
  const open = ref(false)
  const busy = ref(false)
  const id = ref<string | null>(null)
  const form = ref(blank()) as Ref<F>
  const failure = ref<unknown>()
  const begun = ref('')
  const isDirty = computed(() => open.value && JSON.stringify(form.value) !== begun.value)

  function begin(entryId: string | null, values: Partial<F> = {}): void {
    id.value = entryId
    form.value = { ...blank(), ...values }
    begun.value = JSON.stringify(form.value)
    failure.value = undefined
    open.value = true
  }

  async function save(act: () => Promise<unknown>): Promise<boolean> {
    busy.value = true
    failure.value = undefined
    try {
      await act()
      open.value = false
      toast(t('saved'), { tone: 'ok' })
      return true
    } catch (error) {
      failure.value = error
      return false
    } finally {
      busy.value = false
      void client.invalidateQueries({ queryKey })
    }
  }

  async function remove(act: () => Promise<unknown>): Promise<void> {
    if (await attempt(act)) open.value = false
    await client.invalidateQueries({ queryKey })
  }

  const fieldError = (path: string): string => (failure.value instanceof ApiError ? (failure.value.field(path) ?? '') : '')
  const failureText = (): string => (failure.value ? problemText(failure.value) : '')
  return { open, busy, id, form, isDirty, begin, save, remove, fieldError, failureText }
}
