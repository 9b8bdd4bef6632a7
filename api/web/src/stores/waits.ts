import { defineStore } from 'pinia'
import { api, ask, Failure } from '../api'
import type { Entry } from '../lib/nav'
import { trouble } from '../lib/nodes'

type Count = NonNullable<Entry['count']>

const counters: Record<Count, () => Promise<number>> = {
  drafts: async () => (await ask(() => api.GET('/api/v1/drafts'))).versions.length,
  nodes: async () => (await ask(() => api.GET('/api/v1/sync'))).below.filter((n) => trouble(n).length > 0).length,
  attention: async () => (await ask(() => api.GET('/api/v1/attention', { params: { query: { limit: 100 } } }))).items.length,
  inquiries: async () => (await ask(() => api.GET('/api/v1/inquiries'))).inquiries.length,
  cards: async () => (await ask(() => api.GET('/api/v1/cards', { params: { query: { state: 'answered', limit: 100 } } }))).cards.length,
  ratings: async () => (await ask(() => api.GET('/api/v1/ratings', { params: { query: { open: true, limit: 100 } } }))).ratings.length,
  complaints: async () => (await ask(() => api.GET('/api/v1/complaints', { params: { query: { open: true, limit: 100 } } }))).complaints.length,
}

/** How many things wait behind each entry of the navigation; at most 100 are counted. */
export const useWaits = defineStore('waits', {
  state: () => ({ n: {} as Partial<Record<Count, number>> }),
  actions: {
    async look(entries: Entry[]) {
      for (const e of entries) {
        if (!e.count) continue
        try {
          this.n[e.count] = await counters[e.count]()
        } catch (err) {
          if (!(err instanceof Failure)) throw err // what was counted last stays
        }
      }
    },
  },
})
