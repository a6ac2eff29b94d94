/** Every act the hub writes into its audit log, in the order in which they are offered as a filter. */
export const ACTS = [
  'session.open',
  'session.refuse',
  'session.end',
  'session.end_others',
  'totp.add',
  'totp.remove',
  'totp.reset',
  'totp.new_codes',
  'totp.recover',
  'identity.add',
  'user.add',
  'user.change',
  'user.change_password',
  'user.reset_password',
  'role.add',
  'role.change',
  'role.remove',
  'team.add',
  'team.change',
  'team.remove',
  'token.add',
  'token.revoke',
  'queue.add',
  'queue.change',
  'queue.remove',
  'calendar.add',
  'calendar.change',
  'calendar.remove',
  'account.create',
  'account.change',
  'account.delete',
  'account.test_message',
  'canned_reply.add',
  'canned_reply.change',
  'canned_reply.remove',
  'macro.add',
  'macro.change',
  'macro.remove',
  'tag.add',
  'tag.change',
  'tag.remove',
  'view.add',
  'view.change',
  'view.remove',
  'customer.merge',
  'customer.unmerge',
  'suppression.lift',
  'opt_out.lift',
  'journal.replay',
] as const

/** The key of an act in the catalogues. */
export const keyOfAct = (action: string): string => 'act.' + action.replace('.', '_')

type Query = Readonly<Record<string, unknown>>

/** What is asked for; kept in the address, so that it can be sent to somebody. Days are local, `YYYY-MM-DD`. */
export interface Wanted {
  user: string
  action: string
  from: string
  to: string
}

const DAY = /^\d{4}-\d\d-\d\d$/
const text = (value: unknown): string => (typeof value === 'string' ? value : '')

export function wantedFrom(query: Query): Wanted {
  const day = (value: unknown): string => (DAY.test(text(value)) ? text(value) : '')
  return { user: text(query.user), action: text(query.action), from: day(query.from), to: day(query.to) }
}

/** As the hub is asked: whole local days, the last one included. */
export function asked({ user, action, from, to }: Wanted) {
  const next = to ? new Date(to + 'T00:00') : null
  next?.setDate(next.getDate() + 1)
  return { user_id: user || undefined, action: action || undefined, since: from ? new Date(from + 'T00:00').toISOString() : undefined, until: next?.toISOString() }
}

/** The name of what was acted on, where the log kept one. */
export const nameIn = (detail: Query): string => text(detail.name) || text(detail.title) || text(detail.address)

/** The reader's words for what the log keeps: of a key, and of one value under it. */
export interface Words {
  key: (key: string) => string
  value: (key: string, value: unknown, detail: Query) => string
}

const NAMES = ['name', 'title', 'address']
const SILENT = ['into', 'from'] // ids, beside which a number stands

/** The rest of what changed, a line each, in the reader's words: `Added: See customers, Read the audit log`. */
export function changesIn(detail: Query, words: Words): string[] {
  const rest = Object.entries(detail).filter(([key, value]) => !NAMES.includes(key) && !SILENT.includes(key) && value !== null && !(Array.isArray(value) && !value.length))
  const shown = (key: string, value: unknown): string => (typeof value === 'object' ? JSON.stringify(value) : words.value(key, value, detail))
  return rest.map(([key, value]) => `${words.key(key)}: ${Array.isArray(value) ? value.map((one) => shown(key, one)).join(', ') : shown(key, value)}`)
}
