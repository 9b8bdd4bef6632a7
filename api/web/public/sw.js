// Keeps the pages of this program for when the node is out of reach: the shell
// alone. What people type is none of its business (lib/field.ts), and nothing of
// the API is answered from here.
const version = '__VERSION__'
const files = ['__FILES__']
const prefix = 'tongban-shell-'
const shell = prefix + version
const patience = 3000

self.addEventListener('install', (e) => {
  e.waitUntil(
    caches
      .open(shell)
      .then((c) => c.addAll(files))
      .then(() => self.skipWaiting()),
  )
})

// A page that is open may still ask for files of the version before.
self.addEventListener('activate', (e) => {
  e.waitUntil(
    caches
      .keys()
      .then((all) => {
        const before = all.filter((k) => k.startsWith(prefix) && k !== shell)
        return Promise.all(before.slice(0, -1).map((k) => caches.delete(k)))
      })
      .then(() => self.clients.claim()),
  )
})

self.addEventListener('fetch', (e) => {
  const url = new URL(e.request.url)
  if (e.request.method !== 'GET' || url.origin !== self.location.origin || url.pathname.startsWith('/api/')) return
  if (e.request.mode === 'navigate') e.respondWith(page(e.request))
  else if (url.pathname.startsWith('/assets/')) e.respondWith(kept(e.request))
})

async function kept(request) {
  return (await caches.match(request)) ?? fetch(request)
}

// The newest page where the node answers in time; the one that is kept where it
// does not.
async function page(request) {
  const late = new Promise((_, fail) => setTimeout(() => fail(new Error('late')), patience))
  try {
    return await Promise.race([fetch(request), late])
  } catch {
    return (await caches.match('/', { ignoreSearch: true })) ?? fetch(request)
  }
}
