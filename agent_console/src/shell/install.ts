import { onScopeDispose, watchEffect } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'

/** Makes the console an app of the system: its name in the user's language, and the worker that has a page for a time without a line. */
export function useInstallable(): void {
  const { locale } = useI18n()
  const router = useRouter()

  watchEffect(() => {
    const manifest = locale.value === 'zh-CN' ? '/manifest.zh-CN.webmanifest' : '/manifest.webmanifest'
    const link = document.querySelector<HTMLLinkElement>('link[rel=manifest]')
    if (link && link.getAttribute('href') !== manifest) link.href = manifest
  })

  const worker = navigator.serviceWorker as ServiceWorkerContainer | undefined // none on an unencrypted address
  if (!worker || import.meta.env.DEV) return
  worker.register('/sw.js').catch(() => {}) // a private window may refuse; nothing depends on it
  const heard = ({ data }: MessageEvent<{ type?: string; path?: string }>): void => void (data?.type === 'open' && data.path && router.push(data.path))
  worker.addEventListener('message', heard)
  onScopeDispose(() => worker.removeEventListener('message', heard))
}
