// What the type checker cannot see: text outside the locale files, raw HTML, overlong files.
import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'vue/compiler-sfc'

const SRC = join(dirname(fileURLToPath(import.meta.url)), '../src')
const LONGEST = 300
const WORDS = /[A-Za-z]{2,}|\p{Script=Han}/u
const SPOKEN = new Set(['aria-label', 'placeholder', 'title', 'alt', 'label'])
const ELEMENT = 1
const TEXT = 2
const ATTRIBUTE = 6
const DIRECTIVE = 7
const problems = []

function walk(node, file) {
  const tell = (what) => problems.push(`${file}:${node.loc.start.line} ${what}`)
  if (node.type === TEXT && WORDS.test(node.content)) tell(`text outside the locale files: ${node.content.trim()}`)
  if (node.type === ELEMENT) {
    for (const prop of node.props) {
      if (prop.type === DIRECTIVE && prop.name === 'html') tell('v-html')
      if (prop.type === ATTRIBUTE && SPOKEN.has(prop.name) && WORDS.test(prop.value?.content ?? '')) tell(`text outside the locale files: ${prop.value.content}`)
    }
  }
  for (const child of node.children ?? []) walk(child, file)
}

for (const file of readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(vue|ts)$/.test(name))) {
  const source = readFileSync(join(SRC, file), 'utf8')
  const isLocale = file.startsWith('locales')
  if (/\b(?:innerHTML|outerHTML|insertAdjacentHTML|document\.write)\b/.test(source)) problems.push(`${file} writes raw HTML`)
  if (!isLocale && !/schema\.d\.ts$/.test(file)) {
    const lines = source.split('\n').length
    if (lines > LONGEST) problems.push(`${file} has ${lines} lines, more than ${LONGEST}`)
    if (file.endsWith('.ts') && /['"`][^'"`\n]*\p{Script=Han}[^'"`\n]*['"`]/u.test(source.replace(/\/\*[^]*?\*\//g, ''))) problems.push(`${file} holds Chinese text`)
  }
  const template = file.endsWith('.vue') && parse(source, { filename: file }).descriptor.template
  if (template?.ast) walk(template.ast, file)
}

if (problems.length) {
  console.error(problems.join('\n'))
  process.exit(1)
}
console.log('lint: nothing found')
