import { describe, expect, it } from 'vitest'

import { dayNames, inOrder, weekText, withPeriod } from '../src/settings/hours/week'

const day = (from: string, to: string) => ({ from, to })

describe('the periods of a day', () => {
  it('follow each other without overlap, and may end at midnight', () => {
    expect(inOrder([day('09:00', '12:00'), day('12:00', '00:00')])).toBe(true)
    expect(inOrder([day('09:00', '12:00'), day('11:00', '13:00')])).toBe(false)
    expect(inOrder([day('18:00', '09:00')])).toBe(false)
    expect(inOrder([day('09:00', '00:00'), day('10:00', '11:00')])).toBe(false)
  })

  it('get one more after the last', () => {
    expect(withPeriod([])).toEqual([day('09:00', '18:00')])
    expect(withPeriod([day('09:00', '12:00')])).toEqual([day('09:00', '12:00'), day('13:00', '16:00')])
    expect(inOrder(withPeriod([day('09:00', '20:30')]))).toBe(true)
  })
})

describe('a week', () => {
  it('is told in few words, in both languages, Monday first', () => {
    const week = [...Array.from({ length: 5 }, () => [day('09:00', '18:00')]), [], [day('10:00', '12:00')]]
    expect(weekText(week, 'en')).toBe('Mon–Fri 09:00–18:00 · Sun 10:00–12:00')
    expect(weekText(week, 'zh-CN')).toBe('周一–周五 09:00–18:00 · 周日 10:00–12:00')
    expect(dayNames('en')[0]).toBe('Monday')
  })
})
