import { filled } from '../../composer/canned'

/** What a text may name; each is filled in when the text is used. */
export const VARIABLES = ['customer.name', 'agent.name', 'conversation.number', 'ticket.number', 'queue.name'] as const

const EXAMPLE: Record<string, Record<string, string>> = {
  'zh-CN': { 'customer.name': '王芳', 'agent.name': '李娜', 'conversation.number': '1024', 'ticket.number': 'T000045', 'queue.name': '售后' },
  en: { 'customer.name': 'Emma Clarke', 'agent.name': 'Tom Baker', 'conversation.number': '1024', 'ticket.number': 'T000045', 'queue.name': 'Support' },
}

/** A text as somebody would get it; a variable nobody knows stays as it is. */
export const example = (text: string, locale: string): string => filled(text, EXAMPLE[locale] ?? EXAMPLE.en!)

export const inserted = (text: string, at: number, name: string): string => `${text.slice(0, at)}{{${name}}}${text.slice(at)}`
