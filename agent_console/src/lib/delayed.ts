import { onScopeDispose, ref, watch, type Ref } from 'vue'

/** The value as it was when it last stood still for `pause` milliseconds. */
export function useDelayed<T>(source: Ref<T>, pause: number): Readonly<Ref<T>> {
  const delayed = ref(source.value) as Ref<T>
  let timer: ReturnType<typeof setTimeout>
  watch(source, (now) => {
    clearTimeout(timer)
    timer = setTimeout(() => (delayed.value = now), pause)
  })
  onScopeDispose(() => clearTimeout(timer))
  return delayed
}
