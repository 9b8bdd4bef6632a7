import { defineStore } from 'pinia'
import { api, ask, type Schemas } from '../api'

const every = 5_000

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
    timer: 0,
  }),
  getters: {
    state: (s): 'up' | 'down' | 'unknown' | 'silent' => (s.silent ? 'silent' : (s.node?.line?.state ?? 'unknown')),
    waiting: (s) => s.sync?.outbox_entries ?? 0,
  },
  actions: {
    start() {
      if (this.timer) return
      void this.look()
      this.timer = window.setInterval(() => void this.look(), every)
    },
    async look() {
      try {
        this.node = await ask(() => api.GET('/api/v1/node'))
        this.heardAt = Date.now()
        this.silent = false
      } catch {
        this.silent = true
      }
    },
    async lookCloser() {
      const report = await ask(() => api.GET('/api/v1/sync'))
      this.sync = report.self
      this.attention = report.self.needs_attention
    },
    async sendNow() {
      await ask(() => api.POST('/api/v1/sync/now'))
      await this.lookCloser()
    },
  },
})
