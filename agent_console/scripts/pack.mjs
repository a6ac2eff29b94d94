// After a build: a .gz beside every file worth it, and the byte budgets. Fails when one is broken.
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'

const OUT = process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), '../../hub/static/console')
const FIRST_LOAD = 180_000 // bytes of page, script and style, gzipped, until the inbox stands in either language
const ROUTE = 70_000
const WITH_LIBRARY = { 'src/composer/RichField.vue': 125_000 } // what brings a large library along comes only to who needs it
const PACKED = new Set(['.js', '.css', '.html', '.svg', '.webmanifest'])

const manifest = JSON.parse(readFileSync(join(OUT, '.vite/manifest.json'), 'utf8'))
const sizes = new Map()
for (const entry of readdirSync(OUT, { recursive: true })) {
  const path = join(OUT, entry)
  if (!statSync(path).isFile() || !PACKED.has(extname(entry))) continue
  const packed = gzipSync(readFileSync(path), { level: 9 })
  writeFileSync(path + '.gz', packed)
  sizes.set(entry, packed.length)
}

function files(name, seen = new Set()) {
  const chunk = manifest[name]
  if (!chunk || seen.has(chunk.file)) return seen
  seen.add(chunk.file)
  for (const style of chunk.css ?? []) seen.add(style)
  for (const other of chunk.imports ?? []) files(other, seen)
  return seen
}
const weigh = (names) => [...names].reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0)
const HEADERS = 1000 // bytes the hub's answer has before each file
const sent = (names) => weigh(names) + names.length * HEADERS

// The page names what it starts with; the shell and the inbox are part of it. The rest of the frame and the texts, in one language, follow at once.
const page = readFileSync(join(OUT, 'index.html'), 'utf8')
const entry = new Set(['index.html'])
for (const [name, chunk] of Object.entries(manifest)) if (page.includes(chunk.file)) files(name, entry)
for (const name of ['src/shell/TopBanners.vue', 'src/shell/NavFoot.vue']) files(name, entry)
const texts = (language) => sent(['', 'list/', 'shell/'].flatMap((part) => [...files(`src/locales/${part}${language}.ts`)]))
const first = sent([...entry]) + Math.max(texts('en'), texts('zh-CN'))
const lazy = Object.keys(manifest).filter((name) => manifest[name].isDynamicEntry)
const routes = lazy.map((name) => [name, weigh([...files(name)].filter((file) => !entry.has(file)))])
const heaviest = routes.filter(([name]) => !WITH_LIBRARY[name]).sort((a, b) => b[1] - a[1])[0]
const overweight = routes.filter(([name, bytes]) => bytes > (WITH_LIBRARY[name] ?? ROUTE))
console.log(`first load ${(first / 1000).toFixed(1)} kB gz of ${FIRST_LOAD / 1000}; heaviest route ${heaviest[0]} ${(heaviest[1] / 1000).toFixed(1)} kB gz of ${ROUTE / 1000}`)
if (first > FIRST_LOAD || overweight.length) {
  console.error('a byte budget is broken', ...overweight)
  process.exit(1)
}
