import type { JsonSchema, Locale } from '../api/types'

/** One field of a form drawn from a JSON schema. */
export interface FormField {
  name: string
  kind: 'text' | 'multiline' | 'number' | 'switch' | 'choice' | 'list' | 'pick' | 'secret' | 'colour'
  label: string
  help: string
  required: boolean
  nullable: boolean
  format: string
  initial: unknown
  choices: (string | number)[]
  picks: string
  group: string
  minimum?: number
  maximum?: number
}

export type Values = Record<string, unknown>

/** The fields of an object schema, in its order, labelled in the given language. What is no simple value is left alone. */
export function fieldsOf(schema: JsonSchema, locale: Locale): FormField[] {
  const root = resolved(schema, schema)
  const required = new Set(root.required ?? [])
  const fields = Object.entries(root.properties ?? {}).flatMap(([name, property]) => {
    const { schema: value, nullable } = unwrapped(property, schema)
    const kind = kindOf(value)
    return kind ? [field(name, kind, value, nullable, required.has(name), locale)] : []
  })
  return grouped(fields)
}

const FIRST = ['account', 'connection']
const LAST = ['answers', 'marketing']

/** Each group in one piece, where its first field stood; how to sign in comes first, what few need comes last. */
function grouped(fields: readonly FormField[]): FormField[] {
  const groups = [...new Set(fields.map((one) => one.group))]
  const place = ({ group }: FormField): number => groups.indexOf(group) + (FIRST.includes(group) ? -groups.length : LAST.includes(group) ? groups.length : 0)
  return [...fields].sort((a, b) => place(a) - place(b))
}

function field(name: string, kind: FormField['kind'], value: JsonSchema, nullable: boolean, required: boolean, locale: Locale): FormField {
  const zh = locale === 'zh-CN'
  return {
    name,
    kind,
    label: (zh && value['x-title-zh']) || value.title || name,
    help: (zh && value['x-description-zh']) || value.description || '',
    required,
    nullable,
    format: value.format ?? '',
    initial: value.default,
    choices: value.enum ?? [],
    picks: value['x-picker'] ?? '',
    group: value['x-group'] ?? '',
    minimum: value.minimum,
    maximum: value.maximum,
  }
}

function resolved(schema: JsonSchema, root: JsonSchema): JsonSchema {
  const name = schema.$ref?.replace('#/$defs/', '')
  return name ? { ...root.$defs?.[name], ...without(schema, '$ref') } : schema
}

function unwrapped(property: JsonSchema, root: JsonSchema): { schema: JsonSchema; nullable: boolean } {
  const schema = resolved(property, root)
  const branches = schema.anyOf?.map((branch) => resolved(branch, root))
  if (!branches) return { schema, nullable: false }
  const value = branches.find((branch) => branch.type !== 'null') ?? {}
  return { schema: { ...value, ...without(schema, 'anyOf') }, nullable: branches.some((branch) => branch.type === 'null') }
}

const without = (schema: JsonSchema, key: string): JsonSchema => Object.fromEntries(Object.entries(schema).filter(([name]) => name !== key))

function kindOf(schema: JsonSchema): FormField['kind'] | null {
  if (schema.writeOnly) return 'secret'
  if (schema.enum) return 'choice'
  switch (schema.type) {
    case 'boolean':
      return 'switch'
    case 'integer':
    case 'number':
      return 'number'
    case 'array':
      if (schema['x-picker']) return 'pick'
      return schema.items?.type === 'string' || !schema.items ? 'list' : null
    case 'string':
      return schema['x-multiline'] || schema.format === 'textarea' ? 'multiline' : schema.format === 'color' ? 'colour' : 'text'
    default:
      return null
  }
}

/** What the form shows at first: the stored value, else the default. A stored secret is never shown, so its field is empty. */
export function shownValues(fields: readonly FormField[], stored: Values): Values {
  return Object.fromEntries(
    fields.map((one) => {
      const value = one.kind === 'secret' ? '' : (stored[one.name] ?? one.initial)
      if (one.kind === 'list') return [one.name, ((value as string[] | undefined) ?? []).join('\n')]
      if (one.kind === 'pick') return [one.name, value ?? []]
      if (one.kind === 'switch') return [one.name, Boolean(value)]
      return [one.name, value ?? (one.kind === 'choice' ? one.choices[0] : '')]
    }),
  )
}

/** What is sent: an empty secret is left out, which keeps the stored one; settings the form does not know stay as they are. */
export function settingsFrom(fields: readonly FormField[], values: Values, stored: Values): Values {
  const known = new Set(fields.map((one) => one.name))
  const rest = Object.fromEntries(Object.entries(stored).filter(([name, value]) => !known.has(name) && !isHidden(value)))
  const given = fields.flatMap((one) => {
    const value = sent(one, values[one.name])
    return value === undefined ? [] : [[one.name, value] as const]
  })
  return { ...rest, ...Object.fromEntries(given) }
}

function sent(field: FormField, value: unknown): unknown {
  if (field.kind === 'secret') return value === '' ? undefined : value
  if (field.kind === 'list') return String(value).split('\n').map((line) => line.trim()).filter(Boolean)
  if (field.kind === 'number') return value === '' || value === null ? (field.nullable ? null : undefined) : Number(value)
  if (field.nullable && value === '') return null
  return value
}

/** A secret as the hub shows it: that it is set, not what it is. */
export function isSet(value: unknown): boolean {
  return isHidden(value) && (value as { set: boolean }).set
}

const isHidden = (value: unknown): boolean => typeof value === 'object' && value !== null && 'set' in value
