import tailwind from '@tailwindcss/vite'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'

import { compiledMessages } from './scripts/messages'

// The running hub that `npm run dev` works against.
const hub = process.env.HUB_URL ?? 'http://localhost:8080'

export default defineConfig({
  base: '/',
  plugins: [vue(), tailwind(), compiledMessages()],
  resolve: { alias: { 'vue-i18n': 'vue-i18n/dist/vue-i18n.runtime.mjs' } },
  define: { __VUE_OPTIONS_API__: 'false', __VUE_PROD_DEVTOOLS__: 'false', __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false', __VUE_I18N_LEGACY_API__: 'false', __INTLIFY_PROD_DEVTOOLS__: 'false' },
  server: { proxy: { '/api': hub, '/socket.io': { target: hub, ws: true } } },
  build: {
    target: 'es2022',
    outDir: '../hub/static/console',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: true,
    // What the inbox needs comes in one file: fewer requests, fewer bytes.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'desk', tags: ['$initial'] }] } } },
  },
})
