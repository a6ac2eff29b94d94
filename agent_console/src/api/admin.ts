import { api, done } from './http'
import type { components, operations } from './schema'
import type * as T from './types'

type Schemas = components['schemas']
const as = <R>(answer: Promise<unknown>): Promise<R> => answer as Promise<R>
const cursor = (at: string | null, limit = 100) => ({ params: { query: { cursor: at, limit } } })

type AuditQuery = operations['audit_list_audit']['parameters']['query']

/** What settings ask of the hub; fetched with them, not before. */
export const admin = {
  changePassword: (body: Schemas['PasswordChange']) => done(api.POST('/api/v1/me/password', { body })),
  mySessions: () => done(api.GET('/api/v1/me/sessions')),
  endOtherSessions: () => done(api.DELETE('/api/v1/me/sessions')),
  secondFactor: () => done(api.GET('/api/v1/me/totp')),
  beginSecondFactor: () => done(api.POST('/api/v1/me/totp')),
  confirmSecondFactor: (code: string) => done(api.POST('/api/v1/me/totp/confirm', { body: { code } })),
  renewRecoveryCodes: (password: string) => done(api.POST('/api/v1/me/totp/recovery-codes', { body: { password } })),
  endSecondFactor: (password: string) => done(api.DELETE('/api/v1/me/totp', { body: { password } })),
  endSession: (id: T.Id) => done(api.DELETE('/api/v1/me/sessions/{session_id}', { params: { path: { session_id: id } } })),

  users: (at: string | null) => done(api.GET('/api/v1/users', cursor(at))),
  createUser: (body: Schemas['UserCreate']) => done(api.POST('/api/v1/users', { body })),
  changeUser: (id: T.Id, body: Schemas['UserPatch']) => done(api.PATCH('/api/v1/users/{user_id}', { params: { path: { user_id: id } }, body })),
  setPassword: (id: T.Id, password: string) => done(api.POST('/api/v1/users/{user_id}/password', { params: { path: { user_id: id } }, body: { password } })),
  resetSecondFactor: (id: T.Id) => done(api.DELETE('/api/v1/users/{user_id}/totp', { params: { path: { user_id: id } } })),
  roles: () => done(api.GET('/api/v1/roles')),
  rights: () => done(api.GET('/api/v1/rights')),
  createRole: (body: Schemas['RoleCreate']) => done(api.POST('/api/v1/roles', { body })),
  changeRole: (id: T.Id, body: Schemas['RolePatch']) => done(api.PATCH('/api/v1/roles/{role_id}', { params: { path: { role_id: id } }, body })),
  deleteRole: (id: T.Id) => done(api.DELETE('/api/v1/roles/{role_id}', { params: { path: { role_id: id } } })),
  teams: () => done(api.GET('/api/v1/teams')),
  createTeam: (body: Schemas['TeamCreate']) => done(api.POST('/api/v1/teams', { body })),
  changeTeam: (id: T.Id, body: Schemas['TeamPatch']) => done(api.PATCH('/api/v1/teams/{team_id}', { params: { path: { team_id: id } }, body })),
  deleteTeam: (id: T.Id) => done(api.DELETE('/api/v1/teams/{team_id}', { params: { path: { team_id: id } } })),
  createQueue: (body: Schemas['QueueCreate']) => done(api.POST('/api/v1/queues', { body })),
  changeQueue: (id: T.Id, body: Schemas['QueuePatch']) => done(api.PATCH('/api/v1/queues/{queue_id}', { params: { path: { queue_id: id } }, body })),
  deleteQueue: (id: T.Id) => done(api.DELETE('/api/v1/queues/{queue_id}', { params: { path: { queue_id: id } } })),
  calendars: () => done(api.GET('/api/v1/calendars')),
  createCalendar: (body: Schemas['CalendarCreate']) => done(api.POST('/api/v1/calendars', { body })),
  changeCalendar: (id: T.Id, body: Schemas['CalendarPut']) => done(api.PUT('/api/v1/calendars/{calendar_id}', { params: { path: { calendar_id: id } }, body })),
  deleteCalendar: (id: T.Id) => done(api.DELETE('/api/v1/calendars/{calendar_id}', { params: { path: { calendar_id: id } } })),
  createCanned: (body: Schemas['CannedReplyCreate']) => done(api.POST('/api/v1/canned-replies', { body })),
  changeCanned: (id: T.Id, body: Schemas['CannedReplyPatch']) => done(api.PATCH('/api/v1/canned-replies/{canned_reply_id}', { params: { path: { canned_reply_id: id } }, body })),
  deleteCanned: (id: T.Id) => done(api.DELETE('/api/v1/canned-replies/{canned_reply_id}', { params: { path: { canned_reply_id: id } } })),
  macros: () => done(api.GET('/api/v1/macros')),
  createMacro: (body: Schemas['MacroCreate']) => done(api.POST('/api/v1/macros', { body })),
  changeMacro: (id: T.Id, body: Schemas['MacroPatch']) => done(api.PATCH('/api/v1/macros/{macro_id}', { params: { path: { macro_id: id } }, body })),
  deleteMacro: (id: T.Id) => done(api.DELETE('/api/v1/macros/{macro_id}', { params: { path: { macro_id: id } } })),
  createTag: (body: Schemas['TagCreate']) => done(api.POST('/api/v1/tags', { body })),
  changeTag: (id: T.Id, body: Schemas['TagPatch']) => done(api.PATCH('/api/v1/tags/{tag_id}', { params: { path: { tag_id: id } }, body })),
  deleteTag: (id: T.Id) => done(api.DELETE('/api/v1/tags/{tag_id}', { params: { path: { tag_id: id } } })),
  tokens: () => done(api.GET('/api/v1/tokens')),
  createToken: (body: Schemas['TokenCreate']) => done(api.POST('/api/v1/tokens', { body })),
  deleteToken: (id: T.Id) => done(api.DELETE('/api/v1/tokens/{token_id}', { params: { path: { token_id: id } } })),
  audit: (query: AuditQuery) => done(api.GET('/api/v1/audit', { params: { query } })),

  adapters: () => as<T.AdapterView[]>(done(api.GET('/api/v1/adapters'))),
  accounts: () => as<T.AccountView[]>(done(api.GET('/api/v1/accounts'))),
  createAccount: (body: Schemas['AccountCreate']) => done(api.POST('/api/v1/accounts', { body })),
  changeAccount: (id: T.Id, body: Schemas['AccountPatch']) => done(api.PATCH('/api/v1/accounts/{account_id}', { params: { path: { account_id: id } }, body })),
  deleteAccount: (id: T.Id) => done(api.DELETE('/api/v1/accounts/{account_id}', { params: { path: { account_id: id } } })),
  testAccount: (body: Schemas['AccountTest']) => done(api.POST('/api/v1/accounts/test', { body })),
  hookAddress: (id: T.Id) => done(api.GET('/api/v1/accounts/{account_id}/hook-address', { params: { path: { account_id: id } } })),
  sendTestMessage: (id: T.Id, body: Schemas['TestMessageCreate']) => done(api.POST('/api/v1/accounts/{account_id}/test-message', { params: { path: { account_id: id } }, body })),
  testMessage: (id: T.Id, messageId: T.Id) => done(api.GET('/api/v1/accounts/{account_id}/test-message/{message_id}', { params: { path: { account_id: id, message_id: messageId } } })),
  snippet: (id: T.Id) => done(api.GET('/api/v1/accounts/{account_id}/snippet', { params: { path: { account_id: id } } })),

  poison: (at: string | null) => done(api.GET('/api/v1/journal', { params: { query: { state: 'poison', cursor: at } } })),
  journalRawAddress: (id: T.Id) => `/api/v1/journal/${id}/raw`,
  replay: (id: T.Id) => done(api.POST('/api/v1/journal/{journal_id}/replay', { params: { path: { journal_id: id } } })),
  suppressions: (at: string | null) => done(api.GET('/api/v1/suppressions', cursor(at))),
  unsuppress: (id: T.Id) => done(api.DELETE('/api/v1/suppressions/{suppression_id}', { params: { path: { suppression_id: id } } })),
}
