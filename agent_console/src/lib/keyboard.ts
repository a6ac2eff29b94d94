import { onScopeDispose } from 'vue'

/** Single letters belong to fields, menus and dialogs while one has the focus. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('input,textarea,select,[contenteditable=true],[role=dialog],[role=menu],[role=listbox] input') !== null
}

/** Keys of one page: `{ j: next, '?': help }`. They do nothing while somebody types or holds Ctrl, Alt or ⌘, nor in the middle of an IME's word. */
export function useShortcuts(shortcuts: Record<string, (event: KeyboardEvent) => void>, enabled: () => boolean = () => true): void {
  const pressed = (event: KeyboardEvent): void => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || !enabled() || isTyping(event.target)) return
    const act = shortcuts[event.key]
    if (!act) return
    event.preventDefault()
    act(event)
  }
  window.addEventListener('keydown', pressed)
  onScopeDispose(() => window.removeEventListener('keydown', pressed))
}
