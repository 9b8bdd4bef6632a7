import { defineStore } from 'pinia'
import { api, ask, onSessionEnded, type Schemas } from '../api'

type Session = Schemas['Session']

/**
 * Who is logged in. A session that ends while a page is open does not throw the
 * page away: `ended` asks for the password over it.
 */
export const useSession = defineStore('session', {
  state: () => ({ who: null as Session | null, known: false, ended: false }),
  getters: {
    may: (s) => (action: string) => s.who?.actions.includes(action) ?? false,
    mustChange: (s) => s.who?.must_change_password ?? false,
  },
  actions: {
    /** Finds out, once, whether the browser still has a session. */
    async load() {
      if (this.known) return
      onSessionEnded(() => {
        if (this.who) this.ended = true
      })
      try {
        this.who = await ask(() => api.GET('/api/v1/session'))
      } catch {
        this.who = null
      }
      this.known = true
    },
    async login(login: string, password: string) {
      const tokens = await ask(() => api.POST('/api/v1/session', { body: { login, password, mode: 'cookie' } }))
      this.who = tokens.session
      this.ended = false
    },
    async changePassword(before: string, after: string) {
      const tokens = await ask(() => api.POST('/api/v1/session/password', { body: { old_password: before, new_password: after } }))
      this.who = tokens.session
    },
    async logout() {
      await ask(() => api.DELETE('/api/v1/session'))
      this.who = null
      this.ended = false
    },
  },
})
