import { onScopeDispose, ref, type Ref } from 'vue'

const clocks = new Map<number, { time: Ref<number>; users: number; timer: ReturnType<typeof setInterval> }>()

/** The time in milliseconds, moving on every `step` milliseconds; one timer for everybody with the same step. */
export function useNow(step = 15_000): Readonly<Ref<number>> {
  const clock = clocks.get(step) ?? begin(step)
  clock.users++
  clock.time.value = Date.now()
  onScopeDispose(() => {
    if (--clock.users > 0) return
    clearInterval(clock.timer)
    clocks.delete(step)
  })
  return clock.time
}

function begin(step: number) {
  const time = ref(Date.now())
  const clock = { time, users: 0, timer: setInterval(() => (time.value = Date.now()), step) }
  clocks.set(step, clock)
  return clock
}
