// @vitest-environment node
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import openapiTS, { astToString, COMMENT_HEADER } from 'openapi-typescript'
import { expect, it } from 'vitest'

it('the types of the interface are those of the committed OpenAPI document (else: npm run types)', async () => {
  const document = new URL('../../docs/openapi.json', import.meta.url)
  const now = astToString(await openapiTS(document, { defaultNonNullable: false, emptyObjectsUnknown: true }))
  expect(readFileSync(join(import.meta.dirname, '../src/api/schema.d.ts'), 'utf8')).toBe(COMMENT_HEADER + now)
})
