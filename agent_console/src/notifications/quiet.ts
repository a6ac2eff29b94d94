export interface QuietHours {
  from: string
  to: string
  timezone: string
}

/** Whether it is quiet now: `from` counts, `to` does not; over midnight when `to` is the earlier one. */
export function isQuiet(hours: QuietHours | null, now: Date): boolean {
  if (!hours || hours.from === hours.to) return false
  const time = timeIn(hours.timezone, now)
  return hours.from < hours.to ? hours.from <= time && time < hours.to : time >= hours.from || time < hours.to
}

function timeIn(timeZone: string, now: Date): string {
  return new Intl.DateTimeFormat('en-GB', { timeZone: timeZone || undefined, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(now)
}
