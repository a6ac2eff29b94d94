import { useI18n } from 'vue-i18n'

import { useFormat } from '../lib/format'
import type { Objection } from './check'

const IN_BYTES = new Set(['file_too_large', 'files_too_large'])

/** An objection in the user's language. */
export function useObjectionText(): (objection: Objection) => string {
  const { t, te } = useI18n()
  const format = useFormat()
  return ({ code, weight, params }) => {
    if (code === 'refusal') return te(`refusal.${params.code}`) ? t(`refusal.${params.code}`) : t('refusal.not_allowed') + ` (${params.code})`
    if (code === 'feature') return t(`objection.feature_${weight}`, { feature: t(`feature.${params.feature}`) })
    const limit = IN_BYTES.has(code) ? format.size(Number(params.limit)) : params.limit
    return t('objection.' + code, { ...params, limit })
  }
}
