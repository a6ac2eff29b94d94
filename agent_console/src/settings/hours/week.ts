import type { components } from '../../api/schema'

export type Period = components['schemas']['PeriodView']
export type Holiday = components['schemas']['HolidayView']
export type Calendar = components['schemas']['CalendarView']
export type Day = Period[]

const OFFICE: Day = [{ from: '09:00', to: '18:00' }]

/** Monday to Friday from nine to six, in this browser's time zone. */
export function blankCalendar(): Omit<Calendar, 'id'> {
  return { name: '', timezone: Intl.DateTimeFormat().resolvedOptions().timeZone, week: Array.from({ length: 7 }, (_, day) => (day < 5 ? copyOf(OFFICE) : [])), holidays: [], version: 0 }
}

export const copyOf = (day: readonly Period[]): Day => day.map((period) => ({ ...period }))

/** One period more: after the last one of the day, or office hours where there is none. */
export function withPeriod(day: readonly Period[]): Day {
  const last = day.at(-1)
  if (!last) return copyOf(OFFICE)
  const from = last.to === '00:00' ? '23:00' : last.to
  return [...copyOf(day), { from: later(from, 60), to: later(from, 240) }]
}

function later(time: string, minutes: number): string {
  const [hour = 0, minute = 0] = time.split(':').map(Number)
  const at = Math.min(hour * 60 + minute + minutes, 23 * 60 + 59)
  return `${String(Math.floor(at / 60)).padStart(2, '0')}:${String(at % 60).padStart(2, '0')}`
}

/** Whether periods follow each other without overlap; an end of 00:00 is midnight. */
export function inOrder(day: readonly Period[]): boolean {
  return day.every((period, at) => {
    const next = day[at + 1]
    const end = period.to === '00:00' ? '24:00' : period.to
    return period.from < end && (!next || end <= next.from)
  })
}

/** The names of the days, Monday first, in a language. */
export function dayNames(locale: string): string[] {
  const format = new Intl.DateTimeFormat(locale, { weekday: 'long', timeZone: 'UTC' })
  return Array.from({ length: 7 }, (_, day) => format.format(new Date(Date.UTC(2024, 0, 1 + day))))
}

/** A week in few words: "Mon–Fri 09:00–18:00". Days alike in a row stand together. */
export function weekText(week: readonly Day[], locale: string): string {
  const format = new Intl.DateTimeFormat(locale, { weekday: 'short', timeZone: 'UTC' })
  const name = (day: number): string => format.format(new Date(Date.UTC(2024, 0, 1 + day)))
  const text = (day: Day): string => day.map((period) => `${period.from}–${period.to}`).join(', ')
  const groups: { from: number; to: number; hours: string }[] = []
  week.forEach((day, at) => {
    const last = groups.at(-1)
    if (last?.hours === text(day)) last.to = at
    else groups.push({ from: at, to: at, hours: text(day) })
  })
  return groups
    .filter((group) => group.hours)
    .map((group) => `${group.from === group.to ? name(group.from) : `${name(group.from)}–${name(group.to)}`} ${group.hours}`)
    .join(' · ')
}
