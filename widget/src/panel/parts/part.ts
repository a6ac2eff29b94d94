/** What every part that is loaded later brings along. */
import { more } from '../i18n/words'
import { moreEn, moreZh } from './texts'

Object.assign(more.en, moreEn)
Object.assign(more['zh-CN'], moreZh)

/** Add a part's style. */
export function addStyle(css: string): void {
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(css)
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet]
}
