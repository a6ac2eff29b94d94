import type { Right } from '../api/types'

/** The pages of settings, as the command bar goes to them. */
export const SETTINGS: readonly { id: string; right?: Right }[] = [
  { id: 'profile' },
  { id: 'accounts', right: 'accounts.manage' },
  { id: 'queues', right: 'queues.manage' },
  { id: 'hours', right: 'queues.manage' },
  { id: 'canned', right: 'conversations.reply' },
  { id: 'macros', right: 'conversations.reply' },
  { id: 'tags', right: 'queues.manage' },
  { id: 'users', right: 'users.manage' },
  { id: 'teams', right: 'users.manage' },
  { id: 'roles', right: 'roles.manage' },
  { id: 'tokens', right: 'tokens.manage' },
  { id: 'audit', right: 'audit.read' },
  { id: 'system', right: 'system.manage' },
]
