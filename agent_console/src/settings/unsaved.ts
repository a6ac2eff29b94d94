import { onScopeDispose, ref, shallowReactive, type Ref } from 'vue'
import { onBeforeRouteLeave, onBeforeRouteUpdate } from 'vue-router'

const forms = shallowReactive(new Set<Readonly<Ref<boolean>>>())

/** While a form stands on the page: whether it holds something that is not saved. */
export function useUnsaved(isDirty: Readonly<Ref<boolean>>): void {
  forms.add(isDirty)
  onScopeDispose(() => forms.delete(isDirty))
}

const isUnsaved = (): boolean => [...forms].some((isDirty) => isDirty.value)

/** For the page of all these forms: nobody leaves it, nor its section, nor the window, without being asked. */
export function useLeaving() {
  const asking = ref(false)
  let answer: (leave: boolean) => void = () => {}

  function answered(leave: boolean): void {
    asking.value = false
    answer(leave)
  }

  const guard = (): true | Promise<boolean> => {
    if (!isUnsaved()) return true
    answer(false)
    asking.value = true
    return new Promise((resolve) => (answer = resolve))
  }
  const stay = (event: BeforeUnloadEvent): void => {
    if (isUnsaved()) event.preventDefault()
  }
  onBeforeRouteLeave(guard)
  onBeforeRouteUpdate(guard)
  window.addEventListener('beforeunload', stay)
  onScopeDispose(() => window.removeEventListener('beforeunload', stay))
  return { asking, answered }
}
