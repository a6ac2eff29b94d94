import { onScopeDispose, ref, type Ref } from 'vue'

/** Whether the window is at least so many CSS pixels wide, now and later. */
export function useWide(width: number): Readonly<Ref<boolean>> {
  const query = window.matchMedia(`(min-width: ${width}px)`)
  const wide = ref(query.matches)
  const changed = (): void => void (wide.value = query.matches)
  query.addEventListener('change', changed)
  onScopeDispose(() => query.removeEventListener('change', changed))
  return wide
}
