import { defineStore } from 'pinia'
import { api, ask, Failure, type Schemas } from '../api'

/** The staff within reach of whoever looks, to show names for numbers. */
export const usePeople = defineStore('people', {
  state: () => ({ all: [] as Schemas['Staff'][], asked: false }),
  getters: {
    byId: (s) => new Map(s.all.map((p) => [p.id, p])),
    name(): (id: string | undefined) => string {
      return (id) => (id ? (this.byId.get(id)?.name ?? id.slice(0, 8)) : '')
    },
  },
  actions: {
    async load(again = false) {
      if (this.asked && !again) return
      this.asked = true
      try {
        this.all = (await ask(() => api.GET('/api/v1/staff'))).staff
      } catch (e) {
        this.asked = false
        if (!(e instanceof Failure)) throw e
      }
    },
  },
})
