import { filled } from '../../composer/canned'

/** What a text may name; each is filled in when the text is used. */
export const VARIABLES = ['customer.name', 'agent.name', 'conversation.number', 'ticket.number', 'queue.name'] as const

const NUMBERS = { 'conversation.number': '1024', 'ticket.number': 'T000045' }

/** A text as somebody would get it; a variable nobody knows stays as it is. `t` has the names of the example. */
export const example = (text: string, t: (key: string) => string): string =>
  filled(text, { 'customer.name': t('variable.example.customer'), 'agent.name': t('variable.example.agent'), 'queue.name': t('variable.example.queue'), ...NUMBERS })

export const inserted = (text: string, at: number, name: string): string => `${text.slice(0, at)}{{${name}}}${text.slice(at)}`
