import { computed, inject, provide, type ComputedRef, type InjectionKey, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'

import type { Id } from '../api/types'
import { useNow } from '../lib/clock'
import { useFormat } from '../lib/format'
import { useOpenTime, type Measure } from '../live/openTime'
import { useNames, useTags } from '../live/queries'
import { useLive } from '../live/store'
import { shownColour } from './tagColour'

interface RowContext {
  now: Readonly<Ref<number>>
  format: ReturnType<typeof useFormat>
  live: ReturnType<typeof useLive>
  placeName: (assigneeId: Id | null, queueId: Id | null) => string
  measure: Measure
  /** A text without places to fill, asked of the catalogue once for all rows. */
  word: (key: string) => string
  tagColours: ComputedRef<Map<string, string>>
}

const KEY: InjectionKey<RowContext> = Symbol('rows')

/** What every row needs is looked up once for the list: rows come and go by the hundred while somebody scrolls. */
export function provideRows(): ReturnType<typeof useNames> {
  const { t, locale } = useI18n()
  const words = computed(() => (locale.value, new Map<string, string>()))
  const names = useNames()
  const { data: tags } = useTags()
  provide(KEY, {
    now: useNow(),
    format: useFormat(),
    live: useLive(),
    measure: useOpenTime(),
    word: (key) => words.value.get(key) ?? words.value.set(key, t(key)).get(key)!,
    placeName: (assigneeId, queueId) => names.agentName(assigneeId) || names.queueName(queueId) || t('unassigned'),
    tagColours: computed(() => new Map(tags.value?.map((tag) => [tag.name, shownColour(tag.colour)]))),
  })
  return names
}

export const useRows = (): RowContext => inject(KEY)!
