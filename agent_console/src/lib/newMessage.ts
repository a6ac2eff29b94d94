import { shallowRef } from 'vue'

import type { CustomerView } from '../api/types'

/** What a first message begins with. */
export interface Beginning {
  channel?: 'email' | 'sms'
  customer?: CustomerView
  to?: string
}

/** The message being begun, wherever it was asked for; the shell shows its dialog. */
export const beginning = shallowRef<Beginning | null>(null)

export function writeNew(from: Beginning = {}): void {
  beginning.value = from
}
