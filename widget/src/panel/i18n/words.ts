import type { Locale } from '../../common/locale'
import type { Texts } from './en'

export type Key = keyof Texts

/** The words of one language, and its way to write times and sizes. */
export class Words {
  constructor(
    readonly locale: Locale,
    private readonly texts: Texts,
  ) {}

  t(key: Key, values: Record<string, string | number> = {}): string {
    return this.texts[key].replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''))
  }

  time(at: string): string {
    return new Intl.DateTimeFormat(this.locale, { hour: 'numeric', minute: '2-digit' }).format(new Date(at))
  }

  day(at: string): string {
    return new Intl.DateTimeFormat(this.locale, { weekday: 'long', month: 'long', day: 'numeric' }).format(new Date(at))
  }

  size(bytes: number): string {
    const [value, unit] = bytes < 2 ** 20 ? [Math.max(bytes / 2 ** 10, 0.1), 'KB'] : [bytes / 2 ** 20, 'MB']
    return `${new Intl.NumberFormat(this.locale, { maximumFractionDigits: value < 10 ? 1 : 0 }).format(value)} ${unit}`
  }
}
