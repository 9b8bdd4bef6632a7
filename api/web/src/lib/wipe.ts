import { forgetDevice, thisDevice } from './device'
import { sealedFor } from './field'
import { forgetItems } from './fieldItems'
import { forgetAll } from './sealed'

/**
 * Removes from this browser everything that a device holds, and the pages that
 * work out of reach. For a device that was revoked, or is given back.
 */
export async function wipeDevice(): Promise<void> {
  const d = thisDevice()
  if (d) {
    await forgetAll(sealedFor(d))
    await forgetAll(d.staff) // drafts of the person whose device it was
  }
  await forgetItems()
  if (typeof caches !== 'undefined') for (const k of await caches.keys()) if (k.startsWith('tongban-')) await caches.delete(k)
  if ('serviceWorker' in navigator) for (const r of await navigator.serviceWorker.getRegistrations()) await r.unregister()
  await forgetDevice()
}
