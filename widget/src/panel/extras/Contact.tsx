import { h } from 'preact'

import type { Words } from '../i18n/words'

export interface ContactGiven {
  name: string
  email: string
}

/** Where nobody is online: how the visitor can be answered later. */
export function Contact({ words, onChange }: { words: Words; onChange(what: Partial<ContactGiven>): void }) {
  return (
    <div class="contact">
      <input
        aria-label={words.t('name')}
        placeholder={words.t('name')}
        autocomplete="name"
        maxLength={200}
        onInput={(event) => onChange({ name: event.currentTarget.value })}
      />
      <input
        type="email"
        aria-label={words.t('email')}
        placeholder={words.t('email')}
        autocomplete="email"
        maxLength={200}
        onInput={(event) => onChange({ email: event.currentTarget.value })}
      />
    </div>
  )
}
