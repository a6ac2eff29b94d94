import { localeOf } from '../../common/locale'
import type { Site } from '../model'
import { Words } from './words'

/** Only the language of the page is loaded. */
export async function loadWords(tag: string, site: Site): Promise<Words> {
  const locale = localeOf(tag)
  return locale === 'en'
    ? new Words(locale, (await import('./en')).en, site.texts_en)
    : new Words(locale, (await import('./zh')).zh, site.texts_zh)
}
