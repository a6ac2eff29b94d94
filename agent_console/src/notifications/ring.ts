const LOCK = 'switchboard.ring'
const SEEN = 'switchboard.seen'
const PAUSE = 2000

let audio: AudioContext | undefined

/** Browsers keep a page silent until it was touched once; from then on it may ring. */
export function unlockOnTouch(): () => void {
  const unlock = (): void => {
    audio ??= new AudioContext()
    void audio.resume()
    stop()
  }
  const stop = (): void => ['pointerdown', 'keydown'].forEach((kind) => window.removeEventListener(kind, unlock, true))
  for (const kind of ['pointerdown', 'keydown']) window.addEventListener(kind, unlock, true)
  return stop
}

export const canRing = (): boolean => audio?.state === 'running'

/** One sound, however many things happened within two seconds and however many pages are open: whoever holds the lock rings. */
export async function ring(): Promise<void> {
  if (!canRing()) return
  if (!navigator.locks) return chime() // an unencrypted address: pages cannot agree
  await navigator.locks.request(LOCK, { ifAvailable: true }, async (lock) => {
    if (!lock) return
    chime()
    await new Promise((done) => setTimeout(done, PAUSE))
  })
}

/** While this page is in sight, the others know it. */
export function saySeen(): () => void {
  if (!navigator.locks) return () => {}
  let leave = (): void => {}
  const changed = (): void => {
    leave()
    leave = (): void => {}
    if (!document.hidden) void navigator.locks.request(SEEN, { mode: 'shared' }, () => new Promise<void>((done) => (leave = done)))
  }
  changed()
  document.addEventListener('visibilitychange', changed)
  return () => (document.removeEventListener('visibilitychange', changed), leave())
}

/** Whether any page of the console is in sight. */
export async function isSeen(): Promise<boolean> {
  return !document.hidden || ((await navigator.locks?.query())?.held ?? []).some((lock) => lock.name === SEEN)
}

/** Two soft tones, made here: no file to load. Call it from a click, or when `canRing`. */
export function chime(): void {
  audio ??= new AudioContext()
  if (audio.state === 'suspended') void audio.resume()
  for (const [at, frequency] of [[0, 660], [0.13, 880]] as const) {
    const tone = audio.createOscillator()
    const volume = audio.createGain()
    tone.frequency.value = frequency
    volume.gain.setValueAtTime(0.0001, audio.currentTime + at)
    volume.gain.exponentialRampToValueAtTime(0.08, audio.currentTime + at + 0.02)
    volume.gain.exponentialRampToValueAtTime(0.0001, audio.currentTime + at + 0.3)
    tone.connect(volume).connect(audio.destination)
    tone.start(audio.currentTime + at)
    tone.stop(audio.currentTime + at + 0.32)
  }
}
