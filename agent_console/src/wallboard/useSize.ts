import { onScopeDispose, reactive, watch, type Ref } from 'vue'

/** The size of an element in CSS pixels, now and later. */
export function useSize(element: Readonly<Ref<HTMLElement | null>>): { width: number; height: number } {
  const size = reactive({ width: 0, height: 0 })
  const observer = new ResizeObserver(([entry]) => entry && Object.assign(size, { width: entry.contentRect.width, height: entry.contentRect.height }))
  watch(element, (now) => {
    observer.disconnect()
    if (now) observer.observe(now)
  }, { flush: 'post', immediate: true })
  onScopeDispose(() => observer.disconnect())
  return size
}
