import { defineStore } from 'pinia'
import { api, ask, Failure, type Schemas } from '../api'

// With the patience for this one question (api/index.ts), a node that hangs is said
// to be silent within ten seconds.
const every = 4_000

/**
 * The state of this node and its line, as everybody sees it at the top of each
 * page. What was known last stays, with its age.
 */
export const useLine = defineStore('line', {
  state: () => ({
    node: null as Schemas['ThisNode'] | null,
    sync: null as Schemas['SyncState'] | null,
    attention: 0,
    heardAt: 0,
    silent: false,
    silentSince: 0,
    looking: false,
    timer: 0,
  }),
  getters: {
    state: (s): 'up' | 'down' | 'unknown' | 'connecting' | 'silent' => (s.silent ? 'silent' : (s.node?.line?.state ?? 'unknown')),
    waiting: (s) => s.sync?.outbox_entries ?? 0,
  },
  actions: {
    start() {
      if (this.timer) return
      void this.look()
      this.timer = window.setInterval(() => void this.look(), every)
    },
    stop() {
      window.clearInterval(this.timer)
      this.timer = 0
    },
    async look() {
      if (this.looking) return
      this.looking = true
      try {
        this.node = await ask(() => api.GET('/api/v1/node'))
        this.heardAt = Date.now()
        this.silent = false
      } catch {
        if (!this.silent) this.silentSince = Date.now()
        this.silent = true
      } finally {
        this.looking = false
      }
    },
    /** How much waits to be sent and needs somebody. */
    async lookCloser() {
      const report = await ask(() => api.GET('/api/v1/sync', { params: { query: { self: true } } }))
      this.sync = report.self
      this.attention = report.self.needs_attention
    },
    /** The same for the sign of every page: what was known last stays. */
    async lookCloserIfItAnswers() {
      try {
        await this.lookCloser()
      } catch (e) {
        if (!(e instanceof Failure)) throw e
      }
    },
    /** Of somebody who has left nothing is shown to whoever comes. */
    forget() {
      this.sync = null
      this.attention = 0
    },
    async sendNow() {
      await ask(() => api.POST('/api/v1/sync/now'))
      await this.lookCloser()
    },
  },
})
