import type { Schemas } from '../api'

/** A list as it was read last. */
export interface Known {
  cases: Schemas['CaseSummary'][]
  cursor: string
  at: number
}

// In the memory of the page alone, and of no more lists than somebody goes to and fro between.
const most = 20
const lists = new Map<string, Known>()

export const lastKnown = {
  get: (name: string) => lists.get(name),
  keep(name: string, list: Known) {
    lists.delete(name)
    lists.set(name, list)
    if (lists.size > most) lists.delete(lists.keys().next().value!)
  },
  /** Whoever leaves leaves nothing for the next. */
  forget: () => lists.clear(),
}
