import { useI18n } from 'vue-i18n'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Dates, durations and sizes in the user's language, by Intl. */
export function useFormat() {
  const { locale } = useI18n()
  return {
    /** Today: the time; this year: day and month; else the date. */
    short: (time: string, now = Date.now()) => short(locale.value, time, now),
    time: (time: string) => formatted(locale.value, time, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }),
    day: (time: string, now = Date.now()) => day(locale.value, time, now),
    full: (time: string) => formatted(locale.value, time, { dateStyle: 'medium', timeStyle: 'short' }),
    date: (time: string) => formatted(locale.value, time, { dateStyle: 'medium' }),
    duration: (milliseconds: number) => duration(locale.value, milliseconds),
    size: (bytes: number) => size(locale.value, bytes),
    number: (value: number) => new Intl.NumberFormat(locale.value).format(value),
  }
}

// Making a formatter costs a hundred times what using it does, and a timeline uses hundreds.
const made = new Map<string, Intl.DateTimeFormat>()

function formatted(locale: string, time: string, options: Intl.DateTimeFormatOptions): string {
  const key = locale + JSON.stringify(options)
  let formatter = made.get(key)
  if (!formatter) made.set(key, (formatter = new Intl.DateTimeFormat(locale, options)))
  return formatter.format(new Date(time))
}

export function short(locale: string, time: string, now: number): string {
  const then = new Date(time)
  const today = new Date(now)
  if (then.toDateString() === today.toDateString()) return formatted(locale, time, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
  if (then.getFullYear() === today.getFullYear()) return formatted(locale, time, { month: 'short', day: 'numeric' })
  return formatted(locale, time, { year: 'numeric', month: 'numeric', day: 'numeric' })
}

export function day(locale: string, time: string, now: number): string {
  const start = (at: number | string): number => new Date(at).setHours(0, 0, 0, 0)
  const days = Math.round((start(time) - start(now)) / DAY)
  if (days >= -1 && days <= 0) return new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }).format(days, 'day')
  const year = new Date(time).getFullYear() === new Date(now).getFullYear() ? undefined : 'numeric'
  return formatted(locale, time, { weekday: 'short', month: 'long', day: 'numeric', year })
}

const units = new Map<string, Intl.NumberFormat>()

/** The largest unit only: "3 min", "5 hr", "2 days". */
export function duration(locale: string, milliseconds: number): string {
  const [value, unit] =
    milliseconds < HOUR
      ? [Math.max(0, Math.floor(milliseconds / MINUTE)), 'minute']
      : milliseconds < DAY
        ? [Math.floor(milliseconds / HOUR), 'hour']
        : [Math.floor(milliseconds / DAY), 'day']
  const key = locale + unit
  let formatter = units.get(key)
  if (!formatter) units.set(key, (formatter = new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'short' })))
  return formatter.format(value)
}

export function size(locale: string, bytes: number): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte']
  const power = Math.min(units.length - 1, bytes < 1000 ? 0 : Math.floor(Math.log10(bytes) / 3))
  const value = bytes / 1000 ** power
  return new Intl.NumberFormat(locale, { style: 'unit', unit: units[power], unitDisplay: 'short', maximumFractionDigits: value < 10 && power ? 1 : 0 }).format(value)
}
