export type Locale = 'zh-CN' | 'en'

/** The language we have for a language tag (BCP 47): Chinese for every `zh`, else English. */
export const localeOf = (tag: string): Locale => (/^zh\b/i.test(tag) ? 'zh-CN' : 'en')
