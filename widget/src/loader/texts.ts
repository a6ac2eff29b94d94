import type { Locale } from '../common/locale'

/** The launcher's words. */
export interface LauncherTexts {
  open: string
  close: string
  panel: string
  unread: string
}

export const TEXTS: Record<Locale, LauncherTexts> = {
  en: { open: 'Open chat', close: 'Close chat', panel: 'Chat', unread: '{n} new' },
  'zh-CN': { open: '打开聊天', close: '关闭聊天', panel: '在线聊天', unread: '{n} 条新消息' },
}
