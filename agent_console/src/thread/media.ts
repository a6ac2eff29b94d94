import type { Attachment } from '../api/types'

export type Medium = 'picture' | 'pages' | 'audio' | 'video' | 'file'

// SVG may carry script: it is a file like any other. TIFF is shown by none of the browsers, so the hub turns its pages into pictures.
const PICTURES = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif', 'image/bmp'])
const PAGES = new Set(['application/pdf', 'image/tiff'])

/** How a file is shown in its place. */
export function mediumOf({ content_type: type }: Pick<Attachment, 'content_type'>): Medium {
  if (PICTURES.has(type)) return 'picture'
  if (PAGES.has(type)) return 'pages'
  if (type.startsWith('audio/')) return 'audio'
  if (type === 'video/mp4' || type === 'video/webm' || type === 'video/ogg') return 'video'
  return 'file'
}

/** Seconds as people read them on a player: 0:07, 12:05, 1:02:03. */
export function clockOf(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, String(whole % 60).padStart(2, '0')]
  return hours ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`
}

/** At most `count` bars (0 to 1) from peaks (0 to 255): the loudest of each part, and never nothing. */
export function barsOf(peaks: readonly number[], count: number): number[] {
  if (!peaks.length) return []
  const bars = Math.min(count, peaks.length)
  return Array.from({ length: bars }, (_, at) => {
    const part = peaks.slice(Math.floor((at * peaks.length) / bars), Math.max(Math.floor(((at + 1) * peaks.length) / bars), Math.floor((at * peaks.length) / bars) + 1))
    return Math.max(0.06, Math.max(...part) / 255)
  })
}
