import { defineStore } from 'pinia'
import { api, ask, Failure, type Schemas } from '../api'

/** The county's divisions, asked for once a visit: codes are for machines. */
export const usePlaces = defineStore('places', {
  state: () => ({ all: [] as Schemas['DivisionEntry'][], asked: false }),
  getters: {
    byCode: (s) => new Map(s.all.map((d) => [d.code, d])),
    name(): (code: string | undefined) => string {
      return (code) => (code ? (this.byCode.get(code)?.name ?? code) : '')
    },
    /** A desk in words: its place and department. */
    desk(): (d: { division: string; department?: string }) => string {
      return (d) => [this.name(d.division), d.department].filter(Boolean).join(' · ')
    },
  },
  actions: {
    async load(again = false) {
      if (this.asked && !again) return
      this.asked = true
      try {
        this.all = (await ask(() => api.GET('/api/v1/divisions'))).divisions
      } catch (e) {
        this.asked = false // codes are shown until it works
        if (!(e instanceof Failure)) throw e
      }
    },
  },
})
