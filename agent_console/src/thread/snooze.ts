/** Times to come back at, from now: in three hours, tomorrow morning, next Monday morning where that is another day, in a week. */
export function snoozeTimes(now: Date): { id: string; at: Date }[] {
  const morning = (days: number): Date => {
    const at = new Date(now)
    at.setDate(at.getDate() + days)
    at.setHours(9, 0, 0, 0)
    return at
  }
  const toMonday = (8 - now.getDay()) % 7 || 7
  const times = [
    { id: 'later', at: new Date(now.getTime() + 3 * 3600_000) },
    { id: 'tomorrow', at: morning(1) },
    { id: 'monday', at: morning(toMonday) },
    { id: 'week', at: morning(7) },
  ]
  return toMonday === 1 || toMonday === 7 ? times.filter(({ id }) => id !== 'monday') : times
}
