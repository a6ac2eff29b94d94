import { computed, nextTick, onScopeDispose, ref, watch, type Ref, type ShallowRef } from 'vue'

import type { Id } from '../api/types'

const NEAR_END = 120
const TOUCHING = 8
const NEAR_TOP = 200
const AHEAD = 72 // pixels of what was read already above the first new message

/** Where somebody was reading: a message and how far below the upper edge it stood. */
interface Place {
  messageId: Id
  offset: number
}
const places = new Map<Id, Place>()

/** What the place depends on: the conversation, the box that scrolls, its content, and how to get older messages. */
export interface Reading {
  id: () => Id
  box: Readonly<ShallowRef<HTMLElement | null>>
  content: Readonly<ShallowRef<HTMLElement | null>>
  hasOlder: () => boolean
  fetchOlder: () => Promise<unknown>
}

/**
 * The place in a timeline: at the end it follows the end; elsewhere nothing moves it, neither older messages above, nor new ones below, nor pictures that
 * load; and whoever comes back finds the place again. Another conversation comes into the same box.
 */
export function usePlace({ id, box, content, hasOlder, fetchOlder }: Reading) {
  const atEnd = ref(true)
  const below = ref(0)
  let lastTop = 0
  let fetching = false

  const find = (selector: string): HTMLElement | null => box.value?.querySelector<HTMLElement>(selector) ?? null
  const messageAt = (messageId: Id): HTMLElement | null => find(`[data-message="${CSS.escape(messageId)}"]`)

  function toEnd(): void {
    box.value?.scrollTo({ top: box.value.scrollHeight })
    atEnd.value = true
    below.value = 0
  }

  /** Puts an element that far below the upper edge. */
  function show(element: HTMLElement, offset: number): void {
    const view = box.value!
    view.scrollTop += element.getBoundingClientRect().top - view.getBoundingClientRect().top - offset
    lastTop = view.scrollTop
    atEnd.value = toGo(view) < TOUCHING
  }

  function scrolled(): void {
    const view = box.value
    if (!view) return
    // Growing content moves the end away, too: only who scrolls leaves it, or comes back to it.
    if (view.scrollTop < lastTop) atEnd.value = toGo(view) < TOUCHING
    else if (view.scrollTop > lastTop && toGo(view) < NEAR_END) atEnd.value = true
    lastTop = view.scrollTop
    if (atEnd.value) below.value = 0
    if (view.scrollTop < NEAR_TOP && hasOlder()) void older()
  }

  /** Older messages come in above; what is being read stays where it is. */
  async function older(): Promise<void> {
    if (fetching) return
    fetching = true
    const anchor = seen()
    try {
      await fetchOlder()
      await nextTick()
      restore(anchor)
    } finally {
      fetching = false
    }
  }

  /** The uppermost message in view. */
  function seen(): Place | undefined {
    const view = box.value
    if (!view) return undefined
    const top = view.getBoundingClientRect().top
    for (const element of view.querySelectorAll<HTMLElement>('[data-message]')) {
      const { top: at, bottom } = element.getBoundingClientRect()
      if (bottom > top) return { messageId: element.dataset.message!, offset: at - top }
    }
    return undefined
  }

  function restore(place: Place | undefined): boolean {
    const element = place && messageAt(place.messageId)
    if (element) show(element, place.offset)
    return !!element
  }

  /** The place to begin at: the first new message, where it was left, or the end. */
  async function begin(): Promise<void> {
    await nextTick()
    const line = find('[data-unread]')
    if (line) return show(line, AHEAD)
    if (!restore(places.get(id()))) toEnd()
  }

  /** Scrolls to one message and marks it for a moment; false when it is not there. */
  function point(element: HTMLElement | null): boolean {
    if (!element) return false
    show(element, AHEAD)
    atEnd.value = false
    element.classList.add('pointed-at')
    setTimeout(() => element.classList.remove('pointed-at'), 2500)
    return true
  }

  // The composer grows and pictures load: whoever was at the end stays there.
  const sizes = new ResizeObserver(() => atEnd.value && toEnd())
  watch([box, content], (elements) => {
    sizes.disconnect()
    for (const one of elements) if (one) sizes.observe(one)
  }, { flush: 'post' })

  function remember(of: Id): void {
    const place = atEnd.value ? undefined : seen()
    if (place) places.set(of, place)
    else places.delete(of)
  }
  // Asked while the messages of the one that is left still stand.
  watch(id, (_, before) => {
    remember(before)
    atEnd.value = true
    below.value = 0
    lastTop = 0
  })
  onScopeDispose(() => {
    remember(id())
    sizes.disconnect()
  })

  return { atEnd: atEnd as Readonly<Ref<boolean>>, below, away: computed(() => !atEnd.value), toEnd, scrolled, begin, point, find, messageAt }
}

const toGo = (view: HTMLElement): number => view.scrollHeight - view.scrollTop - view.clientHeight
