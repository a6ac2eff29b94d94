import { useQuery } from '@tanstack/vue-query'
import { computed } from 'vue'
import { useI18n } from 'vue-i18n'

import { admin } from '../../api/admin'
import type { AdapterView, Locale } from '../../api/types'
import { keys } from '../../live/keys'
import { useNames } from '../../live/queries'
import { useSession } from '../../session/store'
import { keyOfRight, useRoleName } from '../rights'
import { fieldsOf } from '../schema'
import { changesIn } from './acts'

const SETTING = 'settings.'

/** What the settings of every kind of account are called, as their forms call them: by provider and name. */
export function settingsOf(adapters: readonly AdapterView[], locale: Locale): (provider: string, name: string) => string | undefined {
  const titles = new Map(adapters.map((one) => [one.provider, new Map(fieldsOf(one.settings_schema, locale).map((field) => [field.name, field.label]))]))
  const anywhere = new Map([...titles.values()].flatMap((one) => [...one]))
  return (provider, name) => titles.get(provider)?.get(name) ?? anywhere.get(name) // older entries do not say whose setting it was
}

/** What the audit log keeps as codes and ids, in the reader's words. */
export function useAuditWords() {
  const { t, te, locale } = useI18n()
  const session = useSession()
  const roleName = useRoleName()
  const { agentName, queueName } = useNames()
  const { data: adapters } = useQuery({ queryKey: keys.adapters, queryFn: admin.adapters })
  const { data: teams } = useQuery({ queryKey: keys.teams, queryFn: admin.teams })
  const { data: roles } = useQuery({ queryKey: keys.roles, queryFn: admin.roles, enabled: computed(() => session.may('roles.manage') || session.may('users.manage')) })
  const settings = computed(() => settingsOf(adapters.value ?? [], locale.value as Locale))

  const keyed = (key: string, otherwise: string): string => (te(key) ? t(key) : otherwise)
  const named = <T extends { id: string }>(list: readonly T[] | undefined, id: string, name: (one: T) => string): string => {
    const found = list?.find((one) => one.id === id)
    return found ? name(found) : t('audit.unknown')
  }
  const adapterName = (provider: string): string => {
    const found = adapters.value?.find((one) => one.provider === provider)
    return found ? (locale.value === 'zh-CN' ? found.title_zh : found.title_en) : provider
  }
  const changed = (name: string, provider: string): string =>
    name.startsWith(SETTING) ? (settings.value(provider, name.slice(SETTING.length)) ?? name.slice(SETTING.length)) : keyed('detail.' + name, name)

  const VALUES: Record<string, (value: string, detail: Readonly<Record<string, unknown>>) => string> = {
    changed: (value, detail) => changed(value, String(detail.provider ?? '')),
    provider: adapterName,
    role_ids: (id) => named(roles.value, id, roleName),
    team_ids: (id) => named(teams.value, id, (one) => one.name),
    member_ids: (id) => agentName(id) || t('audit.unknown'),
    queue_id: (id) => queueName(id) || t('audit.unknown'),
    rights: (right) => keyed(keyOfRight(right), right),
    added: (right) => keyed(keyOfRight(right), right),
    removed: (right) => keyed(keyOfRight(right), right),
    scopes: (scope) => (scope === '*' ? t('audit.all_rights') : keyed(keyOfRight(scope), scope)),
    actions: (kind) => keyed('macro.kind.' + kind, kind),
    channel: (channel) => keyed('channel.' + channel, channel),
    colour: (colour) => keyed('colour.' + colour, colour),
    locale: (tag) => keyed('locale.' + tag, tag),
    theme: (theme) => keyed('theme.' + theme, theme),
  }
  const words = {
    key: (key: string) => keyed('detail.' + key, key),
    value: (key: string, value: unknown, detail: Readonly<Record<string, unknown>>) => VALUES[key]?.(String(value), detail) ?? keyed('value.' + String(value), String(value)),
  }
  return { changes: (detail: Readonly<Record<string, unknown>>): string[] => changesIn(detail, words) }
}
