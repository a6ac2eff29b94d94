import { h } from 'preact'

import type { Ask, Contact } from '../model'
import type { ViewProps } from '../view/App'

type Name = keyof Contact

interface Field {
  name: Name
  required: boolean
}

const NAMES: Name[] = ['name', 'email', 'phone']

/**
 * What is asked: by the site's settings, and while nobody is there an address as well, since the answer comes later.
 * What the server knows already is not asked again.
 */
export function fieldsOf(ask: Record<Name, Ask>, offline: Ask | null, known: Partial<Contact>, who: Partial<Contact>): Field[] {
  const isReached = !!(known.email || known.phone)
  const either = offline === 'required' && !isReached
  return NAMES.filter((name) => !known[name]).flatMap((name) => {
    const own = ask[name]
    const isAddress = name !== 'name'
    const wanted = own !== 'off' || (offline !== null && offline !== 'off' && !(isAddress && isReached))
    // One address is enough: which one is the visitor's choice.
    const required = own === 'required' || (either && isAddress && !who[name === 'email' ? 'phone' : 'email'])
    return wanted ? [{ name, required }] : []
  })
}

/** Fields above the first message. What is wrong with them the browser says itself, when it is to be sent. */
export function Introduction({ chat, words }: ViewProps) {
  const { site, contact } = chat.state
  const offline = site.online ? null : site.offline_contact
  const begins = !chat.state.talk // who has talked before is asked only for what must be known
  const fields = fieldsOf(site.ask, offline, contact, chat.who).filter(({ required }) => required || begins)
  if (!fields.length) return null
  return (
    <fieldset class="introduction">
      <legend>{words.t(offline ? 'reach' : 'introduce')}</legend>
      {offline === 'required' && <p class="hint">{words.t('oneOf')}</p>}
      {fields.map(({ name, required }) => {
        const label = required ? words.t(name) : words.t('optional', { label: words.t(name) })
        const same = {
          name,
          required,
          'aria-label': label,
          placeholder: label,
          maxLength: name === 'phone' ? 40 : 200,
          defaultValue: chat.who[name] ?? '', // the field keeps what is typed: a blank begins the next word
          onInput: ({ currentTarget: { value } }: { currentTarget: HTMLInputElement }) => {
            const { [name]: _, ...others } = chat.who
            chat.who = value.trim() ? { ...others, [name]: value.trim() } : others
            chat.change({})
          },
        }
        switch (name) {
          case 'email':
            return <input key={name} {...same} type="email" autocomplete="email" />
          case 'phone':
            return <input key={name} {...same} type="tel" autocomplete="tel" />
          case 'name':
            return <input key={name} {...same} autocomplete="name" />
        }
      })}
    </fieldset>
  )
}
