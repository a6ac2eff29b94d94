import { defineConfig, type Plugin } from 'vite'

// The frame preloads nothing and has no style of its own for a lazy part: Vite's 800 bytes for that stay out.
const noPreload: Plugin = {
  name: 'no-preload',
  enforce: 'pre',
  load: { filter: { id: /vite\/preload-helper/ }, handler: () => 'export const __vitePreload = (load) => load()' },
}

/** The frame's page with the panel. The loader is built by scripts/build.mjs, since it must be one classic script. */
export default defineConfig({
  base: '/widget/v1/',
  plugins: [noPreload],
  oxc: { jsx: { runtime: 'classic', pragma: 'h', pragmaFrag: 'Fragment' } },
  build: {
    target: 'es2022',
    outDir: '../hub/static/widget',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: false,
    rolldownOptions: { input: 'frame.html' },
  },
})
