import { defineStore } from 'pinia'
import { api, ask, Failure, onSessionEnded, type Schemas } from '../api'
import { lastKnown } from '../lib/lastknown'
import { closeVault } from './vault'

type Session = Schemas['Session']

// The pages of one browser share one login: what one of them does about it the
// others are told.
const others = 'BroadcastChannel' in window ? new BroadcastChannel('tongban-session') : undefined

/**
 * Who is logged in. A session that ends while a page is open does not throw the
 * page away: `ended` asks for the password over it. So does `locked`, after some
 * minutes without a touch; then the page cannot be read either.
 */
export const useSession = defineStore('session', {
  state: () => ({ who: null as Session | null, known: false, ended: false, locked: false }),
  getters: {
    may: (s) => (action: string) => s.who?.actions.includes(action) ?? false,
    /** Their own roles, and those of absent colleagues for whom they stand in today. */
    roles: (s) => [...(s.who?.roles ?? []), ...(s.who?.lent ?? [])],
    is: (s) => (...roles: Schemas['Role'][]) => [...(s.who?.roles ?? []), ...(s.who?.lent ?? [])].some((r) => roles.includes(r)),
    mustChange: (s) => s.who?.must_change_password ?? false,
  },
  actions: {
    /** Finds out, once, whether the browser still has a session. */
    async load() {
      if (this.known) return
      onSessionEnded(() => {
        if (this.who) this.ended = true
      })
      others?.addEventListener('message', () => void this.look())
      await this.look()
      this.known = true
    },
    /** Finds out anew who is logged in; another page may have changed that. */
    async look() {
      try {
        const now = await ask(() => api.GET('/api/v1/session'))
        if (this.who && this.who.staff !== now.staff) {
          window.location.assign('/') // nothing of one person's page is left for another
          return
        }
        this.who = now
        this.ended = this.locked = false
      } catch (e) {
        // Without an answer nothing is known; a page that is open stays open.
        if (this.who && (!(e instanceof Failure) || e.problem.status !== 401)) return
        if (this.known && this.who) this.ended = true
        else this.who = null
      }
    },
    async login(login: string, password: string) {
      const tokens = await ask(() => api.POST('/api/v1/session', { body: { login, password, mode: 'cookie' } }))
      others?.postMessage('changed')
      if (this.who && this.who.staff !== tokens.session.staff) {
        window.location.assign('/') // nothing of one person's page is left for another
        return
      }
      this.who = tokens.session
      this.ended = this.locked = false
    },
    async changePassword(before: string, after: string) {
      const tokens = await ask(() => api.POST('/api/v1/session/password', { body: { old_password: before, new_password: after } }))
      this.who = tokens.session
    },
    /** Ends the session and covers the page, which the same person finds as it was. */
    async lock() {
      if (!this.who || this.locked) return
      this.locked = this.ended = true
      try {
        await ask(() => api.DELETE('/api/v1/session'))
      } catch (e) {
        if (!(e instanceof Failure)) throw e // the node is out of reach; the page is covered all the same
      }
      others?.postMessage('changed')
    },
    async logout() {
      await ask(() => api.DELETE('/api/v1/session'))
      this.who = null
      this.ended = this.locked = false
      closeVault()
      lastKnown.forget()
      others?.postMessage('changed')
    },
  },
})
