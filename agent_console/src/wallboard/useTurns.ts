import { computed, onScopeDispose, ref, type Ref } from 'vue'

const TURN = 8_000

/** Turns over so many pages by itself, every eight seconds, unless it is paused or somebody is at it; `touch` says that somebody is. */
export function useTurns(pages: () => number, isHeld: () => boolean) {
  const turned = ref(0)
  const paused = ref(false)
  let since = Date.now()
  const touch = (): void => void (since = Date.now())
  const page: Readonly<Ref<number>> = computed(() => Math.min(turned.value, pages() - 1))
  const turn = (by: number): void => {
    touch()
    turned.value = (page.value + by + pages()) % pages()
  }
  const timer = setInterval(() => {
    if (!paused.value && !isHeld() && Date.now() - since >= TURN) turn(1)
  }, 1000)
  onScopeDispose(() => clearInterval(timer))
  return { page, paused, turn, touch }
}
