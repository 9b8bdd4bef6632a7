/** What was read last of a list or a board, and when. */
export interface Known<T> {
  value: T
  at: number
}

// In the memory of the page alone, and of no more than somebody goes to and fro between.
const most = 40
const all = new Map<string, Known<unknown>>()

export const lastKnown = {
  get: <T>(name: string) => all.get(name) as Known<T> | undefined,
  keep<T>(name: string, known: Known<T>) {
    all.delete(name)
    all.set(name, known)
    if (all.size > most) all.delete(all.keys().next().value!)
  },
  /** Whoever leaves leaves nothing for the next. */
  forget: () => all.clear(),
}
