import type { Locale } from '../../common/locale'
import type { Site } from '../model'
import type { MoreTexts } from '../parts/texts'
import type { Texts } from './en'

export type Key = keyof Texts | keyof MoreTexts

/** Words of parts that are loaded later. */
export const more: Record<Locale, Partial<MoreTexts>> = { en: {}, 'zh-CN': {} }

/** The words of one language, and its way to write times and sizes. What the site says in its own words comes first. */
export class Words {
  constructor(
    readonly locale: Locale,
    private readonly texts: Texts,
    private readonly own: Record<string, string> = {},
  ) {}

  t(key: Key, values: Record<string, string | number> = {}): string {
    const text = this.own[key] ?? (this.texts as Record<string, string>)[key] ?? (more[this.locale] as Record<string, string>)[key] ?? ''
    return text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''))
  }

  /** What the site says in this language. */
  pick(site: Site, name: 'greeting' | 'offline' | 'consent'): string {
    return site[`${name}_${this.locale === 'en' ? 'en' : 'zh'}`]
  }

  time(at: string): string {
    return new Intl.DateTimeFormat(this.locale, { hour: 'numeric', minute: '2-digit' }).format(new Date(at))
  }

  day(at: string): string {
    return new Intl.DateTimeFormat(this.locale, { weekday: 'long', month: 'long', day: 'numeric' }).format(new Date(at))
  }

  when(at: string): string {
    return `${this.day(at)} ${this.time(at)}`
  }

  size(bytes: number): string {
    const [value, unit] = bytes < 2 ** 20 ? [Math.max(bytes / 2 ** 10, 0.1), 'KB'] : [bytes / 2 ** 20, 'MB']
    return `${new Intl.NumberFormat(this.locale, { maximumFractionDigits: value < 10 ? 1 : 0 }).format(value)} ${unit}`
  }
}
