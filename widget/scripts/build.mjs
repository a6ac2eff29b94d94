// Builds the panel and the loader into hub/static/widget, puts a .gz beside each file, and fails above the byte budgets.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'vite'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..')
const OUT = join(ROOT, '../hub/static/widget')
const LOADER = 3_000 // bytes, gzipped
const PANEL = 15_000 // page, scripts and style of the first load together
const PACKED = new Set(['.js', '.css', '.html'])

await build({ root: ROOT, logLevel: 'warn' })
await build({
  root: ROOT,
  configFile: false,
  logLevel: 'warn',
  build: {
    target: 'es2022',
    outDir: OUT,
    emptyOutDir: false,
    lib: { entry: 'src/loader/main.ts', formats: ['iife'], name: 'hubWidget', fileName: () => 'loader.js' },
  },
})

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
const first = ['frame.html', ...linked, words[0]] // one language is loaded: count the larger
const panel = first.reduce((sum, name) => sum + sizes.get(name), 0)
const loader = sizes.get('loader.js')
console.log(`loader ${loader} of ${LOADER} bytes gz; panel's first load ${panel} of ${PANEL} (${first.length} files)`)
if (loader > LOADER || panel > PANEL) {
  console.error('a byte budget is broken')
  process.exit(1)
}
