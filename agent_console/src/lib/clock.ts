import { onScopeDispose, ref, type Ref } from 'vue'

let ahead = 0

/** The hub's time, in milliseconds, at a moment of this machine's clock, which may be wrong by minutes. */
export const hubTime = (at = Date.now()): number => at + ahead

/**
 * An answer says what time it was at the hub (`Date`, in whole seconds) at some moment between asking and having it. As long as that can be so, this
 * machine's clock counts; else what is promised until a time is counted down by the hub's.
 */
export function heardTime(told: string | null, askedAt: number, now = Date.now()): void {
  const at = Date.parse(told ?? '')
  if (Number.isNaN(at)) return
  const [least, most] = [at - now, at + 1000 - askedAt]
  ahead = least > 0 ? least : most < 0 ? most : 0
}

const clocks = new Map<number, { time: Ref<number>; users: number; timer: ReturnType<typeof setInterval> }>()

/** The hub's time in milliseconds, moving on every `step` milliseconds; one timer for everybody with the same step. */
export function useNow(step = 15_000): Readonly<Ref<number>> {
  const clock = clocks.get(step) ?? begin(step)
  clock.users++
  clock.time.value = hubTime()
  onScopeDispose(() => {
    if (--clock.users > 0) return
    clearInterval(clock.timer)
    clocks.delete(step)
  })
  return clock.time
}

function begin(step: number) {
  const time = ref(hubTime())
  const clock = { time, users: 0, timer: setInterval(() => (time.value = hubTime()), step) }
  clocks.set(step, clock)
  return clock
}
