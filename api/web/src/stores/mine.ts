import { sha256 } from '@noble/hashes/sha2'
import { bytesToHex } from '@noble/hashes/utils'
import { defineStore } from 'pinia'
import { api, type Schemas } from '../api'
import { askMine, mayHaveVisit, onVisitEnded } from '../api/mine'
import { unlockWithKey, type Sealed } from '../lib/sealed'

type Kind = Schemas['ApplicantType']

/**
 * Who applies from home. A session that ends while a form is open does not throw
 * it away: `ended` asks for the password over it.
 */
export const useMine = defineStore('mine', {
  state: () => ({ account: null as Schemas['MyAccount'] | null, known: false, ended: false, listening: false }),
  actions: {
    async load() {
      if (this.known) return
      if (!this.listening) {
        this.listening = true
        onVisitEnded(() => {
          if (this.account) this.ended = true
        })
      }
      this.known = true
      if (!mayHaveVisit()) return
      try {
        this.account = await askMine(() => api.GET('/api/v1/my/session'))
      } catch {
        this.account = null
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
      this.ended = false
    },
    take(account: Schemas['MyAccount']) {
      this.account = account
      this.known = true
      this.ended = false
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
