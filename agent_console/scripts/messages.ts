import { baseCompile } from '@intlify/message-compiler'
import type { Plugin } from 'vite'

type Texts = { [key: string]: string | Texts }

/** Compiles the catalogues while the pages are built, so that no message compiler travels with them. Plain text stays text. */
export function compiledMessages(): Plugin {
  return {
    name: 'compiled-messages',
    enforce: 'pre',
    transform: {
      filter: { id: /\/src\/locales\/.*\.ts$/ },
      handler: (code) => ({ code: `export default ${written(texts(code))}`, map: null }),
    },
  }
}

/** A catalogue is one object literal without names of its own. */
function texts(code: string): Texts {
  return new Function(code.replace(/^export default/m, 'return'))() as Texts
}

function written(value: string | Texts): string {
  if (typeof value === 'string') return compiled(value)
  return `{${Object.entries(value).map(([key, inner]) => `${JSON.stringify(key)}:${written(inner)}`).join()}}`
}

function compiled(text: string): string {
  return /[{}|@]/.test(text) ? baseCompile(text, { mode: 'arrow', onError: (error) => { throw new Error(`${error.message}: ${text}`) } }).code : JSON.stringify(text)
}
