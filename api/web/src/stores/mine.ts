import { sha256 } from '@noble/hashes/sha2'
import { bytesToHex } from '@noble/hashes/utils'
import { defineStore } from 'pinia'
import { api, Failure, type Schemas } from '../api'
import { askMine, mayHaveVisit, onVisitEnded } from '../api/mine'
import { lastKnown } from '../lib/lastknown'
import { unlockWithKey, type Sealed } from '../lib/sealed'

type Kind = Schemas['ApplicantType']

// The pages of one browser share one login: who logged in at one of them is who asks
// at all.
const others = 'BroadcastChannel' in window ? new BroadcastChannel('tongban-mine') : undefined

/**
 * Who applies from home. A session that ends while a form is open does not throw
 * it away: `ended` covers it and asks for the password, and so does `idle`, after some
 * minutes without a touch. Another account that logs in then gets a page of its own:
 * what was typed stays with whose it is.
 */
export const useMine = defineStore('mine', {
  state: () => ({ account: null as Schemas['MyAccount'] | null, known: false, ended: false, idle: false, listening: false }),
  actions: {
    async load() {
      if (this.known) return
      if (!this.listening) {
        this.listening = true
        onVisitEnded(() => {
          if (this.account) this.ended = true
        })
        others?.addEventListener('message', () => void this.look())
      }
      this.known = true
      if (!mayHaveVisit()) return
      try {
        this.account = await askMine(() => api.GET('/api/v1/my/session'))
      } catch {
        this.account = null
      }
    },
    /** Finds out anew who is logged in; another page may have changed that. */
    async look() {
      if (!this.account) return
      try {
        this.take(await askMine(() => api.GET('/api/v1/my/session')), false)
      } catch (e) {
        if (!(e instanceof Failure)) throw e // out of reach or logged out: the page stays, covered if it has to be
      }
    },
    async login(type: Kind, number: string, password: string, otp: string) {
      const tokens = await askMine(() => api.POST('/api/v1/my/session', { body: { type, number, password, mode: 'cookie', ...(otp ? { otp } : {}) } }))
      this.take(tokens.account)
    },
    /** Logs in with what an identity provider sent the browser back with. */
    async enterByProvider(body: Schemas['ProviderReturn']) {
      this.take((await askMine(() => api.POST('/api/v1/my/provider/session', { body }))).account)
    },
    /** Links the identity that came back to the account that is logged in. */
    async linkProvider(body: Schemas['ProviderReturn']) {
      this.take(await askMine(() => api.PUT('/api/v1/my/provider/link', { body })))
    },
    async activate(type: Kind, number: string, code: string, password: string) {
      const tokens = await askMine(() => api.POST('/api/v1/my/activation', { body: { type, number, code, password, mode: 'cookie' } }))
      this.take(tokens.account)
    },
    async changePassword(before: string, after: string) {
      const tokens = await askMine(() => api.POST('/api/v1/my/session/password', { body: { old_password: before, new_password: after } }))
      this.take(tokens.account)
    },
    async logout() {
      await askMine(() => api.DELETE('/api/v1/my/session'))
      this.account = null
      lastKnown.forget()
      this.ended = this.idle = false
      others?.postMessage('changed')
    },
    /** Ends the session and covers the page, which the same account finds as it was. */
    async lock() {
      if (!this.account || this.ended) return
      this.ended = this.idle = true
      try {
        await askMine(() => api.DELETE('/api/v1/my/session'))
      } catch (e) {
        if (!(e instanceof Failure)) throw e // the node is out of reach; the page is covered all the same
      }
      others?.postMessage('changed')
    },
    take(account: Schemas['MyAccount'], tell = true) {
      if (tell) others?.postMessage('changed')
      if (this.account && this.account.account !== account.account) {
        const open = this.ended || !tell
        this.ended = true
        window.location.replace(open ? '/my?another=1' : '/my')
        return
      }
      this.account = account
      this.known = true
      this.ended = this.idle = false
    },
    /**
     * What was typed and not handed in, sealed with a key that the county keeps for
     * this account: it is there again after a new login. Each hub has keys of its
     * own, and none takes the place of another's.
     */
    async drafts(): Promise<Sealed | undefined> {
      if (!this.account) return undefined
      const { account, key } = await askMine(() => api.GET('/api/v1/my/browser-key'))
      const bytes = Uint8Array.from(atob(key), (c) => c.charCodeAt(0))
      return unlockWithKey(`mine/${account}/${bytesToHex(sha256(bytes)).slice(0, 16)}`, bytes)
    },
  },
})
