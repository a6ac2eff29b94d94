/** Colours by the formulas of WCAG 2.2 («relative luminance», «contrast ratio»). */

const DARK = '#000000'
const LIGHT = '#ffffff'

const channel = (value: number): number => {
  const share = value / 255
  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
}

/** 0 for black to 1 for white. `color` is `#rrggbb`. */
export function luminance(color: string): number {
  const value = parseInt(color.slice(1), 16)
  return 0.2126 * channel(value >> 16) + 0.7152 * channel((value >> 8) & 255) + 0.0722 * channel(value & 255)
}

/** 1 to 21. */
export function contrast(one: string, other: string): number {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number]
  return (high + 0.05) / (low + 0.05)
}

/** The text colour that reads better on `color`: black or white, never below 4.58 to 1. */
export const textOn = (color: string): string => (contrast(color, LIGHT) >= contrast(color, DARK) ? LIGHT : DARK)

export const isColor = (value: unknown): value is string => typeof value === 'string' && /^#[0-9a-f]{6}$/i.test(value)
