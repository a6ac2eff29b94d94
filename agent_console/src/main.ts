import './style.css'

import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { createPinia } from 'pinia'
import { createApp } from 'vue'

import { ApiError } from './api/http'
import App from './App.vue'
import { i18n, preferredLocale, useLocale } from './i18n'
import { show, startLook } from './lib/look'
import { router } from './router'

// The socket keeps what is cached true, so nothing goes stale by age.
const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: Infinity,
      gcTime: 30 * 60_000,
      refetchOnWindowFocus: false,
      refetchOnReconnect: false,
      retry: (count, error) => count < 3 && (!(error instanceof ApiError) || error.status === 0 || error.status >= 500),
    },
  },
})

// A new release takes the old files away; a line that failed for a moment is no reason to begin anew. What was being written is kept in the browser.
window.addEventListener('vite:preloadError', () => void isOutdated().then((is) => is && location.reload()))
async function isOutdated(): Promise<boolean> {
  const entry = document.querySelector('script[type=module][src]')?.getAttribute('src')
  const now = await fetch('/', { cache: 'no-store' }).then((answer) => (answer.ok ? answer.text() : ''), () => '')
  return !!entry && now.includes('<script') && !now.includes(entry)
}

show()
startLook()
await useLocale(preferredLocale())
createApp(App).use(createPinia()).use(VueQueryPlugin, { queryClient: client }).use(i18n).use(router).mount('#app')
