import type { Capabilities, Feature, ReplyOption } from '../api/types'
import { segment } from '../sms/segments'

export interface Draft {
  text: string
  subject: string
  cc: readonly string[]
  bcc: readonly string[]
  files: readonly { size: number; content_type: string }[]
}

/** Something the channel will not do with this draft. `refused`: the message would not be sent at all; `lost`: it goes without that. */
export interface Objection {
  code: string
  weight: 'refused' | 'lost'
  params: Record<string, string | number>
}

const USES: [Feature, (draft: Draft) => boolean][] = [
  ['subject', (draft) => draft.subject.trim() !== ''],
  ['files', (draft) => draft.files.length > 0],
  ['cc', (draft) => draft.cc.length > 0],
  ['bcc', (draft) => draft.bcc.length > 0],
]

/** What the agent should know before sending by this option. */
export function objections(option: ReplyOption, draft: Draft): Objection[] {
  const refusals = option.allowed ? [] : (option.refusals.length ? option.refusals : ['not_allowed']).map((code) => refused('refusal', { code }))
  return [...refusals, ...features(option.capabilities, draft), ...limits(option.capabilities, draft)]
}

function features({ features = {} }: Partial<Capabilities>, draft: Draft): Objection[] {
  return USES.filter(([feature, uses]) => uses(draft) && !['full', 'partial'].includes(features[feature] ?? 'unsupported')).map(([feature]) =>
    features[feature] === 'rejected' ? refused('feature', { feature }) : { code: 'feature', weight: 'lost', params: { feature } },
  )
}

function limits(can: Partial<Capabilities>, draft: Draft): Objection[] {
  const found: Objection[] = []
  if (can.length_unit === 'gsm7' && can.max_segments) {
    const parts = segment(draft.text.trim()).parts.length
    if (parts > can.max_segments) found.push(refused('too_many_parts', { parts, limit: can.max_segments }))
  }
  const length = lengthOf(draft.text, can.length_unit ?? 'chars')
  if (can.max_length && length > can.max_length) found.push(refused('too_long', { length, limit: can.max_length }))
  if (can.max_files && draft.files.length > can.max_files) found.push(refused('too_many_files', { limit: can.max_files }))
  if (can.max_file_bytes && draft.files.some((file) => file.size > can.max_file_bytes!)) found.push(refused('file_too_large', { limit: can.max_file_bytes }))
  const total = draft.files.reduce((sum, file) => sum + file.size, 0)
  if (can.max_total_bytes && total > can.max_total_bytes) found.push(refused('files_too_large', { limit: can.max_total_bytes }))
  if (can.content_types?.length && draft.files.some((file) => !can.content_types?.includes(file.content_type))) found.push(refused('file_type', {}))
  return found
}

/** The length as the channel counts it; code points where it counts characters. */
export function lengthOf(text: string, unit: NonNullable<Capabilities['length_unit']>): number {
  return unit === 'bytes' ? new TextEncoder().encode(text).length : [...text].length
}

const refused = (code: string, params: Objection['params']): Objection => ({ code, weight: 'refused', params })
