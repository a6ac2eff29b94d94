// Builds the panel and the loader into hub/static/widget, puts a .gz beside each file, and fails above the byte budgets.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'vite'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..')
const OUT = process.env.WIDGET_OUT ?? join(ROOT, '../hub/static/widget')
const LOADER = 3 * 1024 // bytes, gzipped
const PANEL = 15 * 1024 // page, scripts and style of the first load together
const PART = 4 * 1024 // anything that is loaded when it is wanted
const PACKED = new Set(['.js', '.css', '.html'])

await build({ root: ROOT, logLevel: 'warn', build: { outDir: OUT } })
for (const [entry, format] of [['loader', 'iife'], ['later', 'es']]) {
  const source = entry === 'loader' ? 'src/loader/main.ts' : 'src/loader/later.ts'
  await build({
    root: ROOT,
    configFile: false,
    logLevel: 'warn',
    build: {
      target: 'es2022',
      outDir: OUT,
      emptyOutDir: false,
      minify: true,
      lib: { entry: source, formats: [format], name: 'hubWidget', fileName: () => `${entry}.js` },
    },
  })
}

const sizes = new Map()
for (const entry of readdirSync(OUT, { recursive: true })) {
  const path = join(OUT, entry)
  if (!statSync(path).isFile() || !PACKED.has(extname(entry))) continue
  const packed = gzipSync(readFileSync(path), { level: 9 })
  writeFileSync(path + '.gz', packed)
  sizes.set(entry, packed.length)
}

const page = readFileSync(join(OUT, 'frame.html'), 'utf8')
const linked = [...page.matchAll(/"\/widget\/v1\/(assets\/[^"]+)"/g)].map((found) => found[1])
const words = [...sizes.keys()].filter((name) => /^assets\/(en|zh)-/.test(name)).sort((a, b) => sizes.get(b) - sizes.get(a))
const first = new Set(['frame.html', ...linked, words[0]]) // one language is loaded: count the larger
const panel = [...first].reduce((sum, name) => sum + sizes.get(name), 0)
const loader = sizes.get('loader.js')
const parts = [...sizes].filter(([name]) => !first.has(name) && !words.includes(name) && name !== 'loader.js')
console.log(`loader ${loader} of ${LOADER} bytes gz; panel's first load ${panel} of ${PANEL} (${first.size} files)`)
console.log(`parts of at most ${PART}: ${parts.map(([name, size]) => `${name} ${size}`).join(', ')}`)
if (loader > LOADER || panel > PANEL || parts.some(([, size]) => size > PART)) {
  console.error('a byte budget is broken')
  process.exit(1)
}
