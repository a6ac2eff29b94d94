import { localeOf } from '../../common/locale'
import { Words } from './words'

/** Only the language of the page is loaded. */
export async function loadWords(tag: string): Promise<Words> {
  const locale = localeOf(tag)
  return new Words(locale, locale === 'en' ? (await import('./en')).en : (await import('./zh')).zh)
}
