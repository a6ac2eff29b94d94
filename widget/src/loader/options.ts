import { localeOf } from '../common/locale'

/** What the host's script tag says. */
export interface Options {
  site: string
  /** The frame's address; its origin is the only one the loader talks to. The language is its fragment. */
  frameUrl: URL
  theme: string
  zIndex: string
  hidden: boolean
  /** The name of the command function on `window`. */
  global: string
}

export function readOptions(script: HTMLScriptElement, site: string): Options {
  const { lang, theme, zIndex, launcher, global } = script.dataset
  const locale = localeOf(lang || document.documentElement.lang || navigator.language)
  return {
    site,
    frameUrl: new URL(`frame?site=${encodeURIComponent(site)}#${locale}`, script.src),
    theme: theme || '',
    zIndex: zIndex || '2147483000',
    hidden: launcher === 'hidden',
    global: global || 'hub',
  }
}
