import { useI18n } from 'vue-i18n'

import type { RoleView } from '../api/types'

/** Built-in roles are named in the user's language, others as somebody named them. */
export function useRoleName(): (role: Pick<RoleView, 'built_in' | 'name'>) => string {
  const { t, te } = useI18n()
  return (role) => (role.built_in && te('role.' + role.name) ? t('role.' + role.name) : role.name)
}

export const keyOfRight = (right: string): string => 'right.' + right.replace('.', '_')

export const explanationOf = (right: string): string => 'right_text.' + right.replace('.', '_')
