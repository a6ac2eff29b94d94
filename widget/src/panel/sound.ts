let context: AudioContext | undefined

/** Two short notes; nothing until the visitor has used the chat (browsers allow no sound before that, nor do we). */
export function ring(): void {
  if (!navigator.userActivation?.hasBeenActive) return
  context ??= new AudioContext()
  const { currentTime, destination } = context
  for (const [start, pitch] of [[0, 660], [0.12, 880]] as const) {
    const [tone, volume] = [context.createOscillator(), context.createGain()]
    tone.frequency.value = pitch
    volume.gain.setValueAtTime(0.08, currentTime + start)
    volume.gain.exponentialRampToValueAtTime(0.001, currentTime + start + 0.25)
    tone.connect(volume).connect(destination)
    tone.start(currentTime + start)
    tone.stop(currentTime + start + 0.25)
  }
}
