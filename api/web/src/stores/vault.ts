import { api, ask } from '../api'
import { unlockWithKey, type Sealed } from '../lib/sealed'

let open: { who: string; sealed: Promise<Sealed> } | undefined

/**
 * What this browser keeps sealed for whoever is logged in. It stays open in this
 * page although the node is out of reach; a page that is opened anew asks for
 * the key.
 */
export function vaultOf(who: string): Promise<Sealed> {
  if (open?.who !== who) {
    const sealed = ask(() => api.GET('/api/v1/session/browser-key')).then(({ staff, key }) => {
      if (staff !== who) throw new Error('the login changed meanwhile')
      return unlockWithKey(staff, Uint8Array.from(atob(key), (c) => c.charCodeAt(0)))
    })
    sealed.catch(() => (open = undefined))
    open = { who, sealed }
  }
  return open.sealed
}

/** Forgets the key: after logging out nothing opens. */
export function closeVault(): void {
  open = undefined
}
