/** The usual times to send at, from now: in an hour, tomorrow morning, tomorrow afternoon, next Monday morning. */
export function laterTimes(now: Date): { id: string; at: Date }[] {
  const day = (days: number, hour: number): Date => {
    const at = new Date(now)
    at.setDate(at.getDate() + days)
    at.setHours(hour, 0, 0, 0)
    return at
  }
  return [
    { id: 'hour', at: new Date(now.getTime() + 3600_000) },
    { id: 'morning', at: day(1, 9) },
    { id: 'afternoon', at: day(1, 14) },
    { id: 'monday', at: day((8 - now.getDay()) % 7 || 7, 9) },
  ]
}

/** As a field for local date and time wants it. */
export function localInput(at: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`
}
