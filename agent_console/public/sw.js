// The one thing kept for a time without a line is a page that says so. Nothing of the hub is ever answered from here.
const KEPT = 'switchboard-offline-1'
const PAGE = '/offline.html'

self.addEventListener('install', (event) => {
  event.waitUntil(caches.open(KEPT).then((cache) => cache.addAll([PAGE, '/icon.svg'])))
  self.skipWaiting()
})

self.addEventListener('activate', (event) => {
  const others = caches.keys().then((names) => Promise.all(names.filter((name) => name !== KEPT).map((name) => caches.delete(name))))
  event.waitUntil(others.then(() => self.clients.claim()))
})

self.addEventListener('fetch', (event) => {
  if (event.request.mode !== 'navigate') return
  event.respondWith(fetch(event.request).catch(() => caches.match(PAGE)))
})

// Phones show notifications through here only.
self.addEventListener('notificationclick', (event) => {
  event.notification.close()
  const path = event.notification.data || '/'
  event.waitUntil(
    self.clients.matchAll({ type: 'window' }).then(async ([page]) => {
      if (!page) return self.clients.openWindow(path)
      await page.focus()
      page.postMessage({ type: 'open', path })
    }),
  )
})
