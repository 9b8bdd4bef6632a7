import { ref, type Ref } from 'vue'
import { Failure, newKey, saysNothing, type Problem } from '../api'

/** One action of a page: never twice at once, and with one key until it is known what became of it. */
export interface Once {
  busy: Ref<boolean>
  problem: Ref<Problem | undefined>
  /** Does it; true when it was done. What the node refuses is in `problem`. */
  run(what: (key: string) => Promise<unknown>): Promise<boolean>
}

/**
 * Guards an action against a second click and a lost answer: while the node has
 * not answered, the same idempotency key goes out again. Only a refusal (4xx),
 * after which nothing was done, and success bring a new key; that the login ran out
 * says nothing of what was sent before.
 */
export function once(): Once {
  const busy = ref(false)
  const problem = ref<Problem>()
  let key = newKey()
  return {
    busy,
    problem,
    async run(what) {
      if (busy.value) return false
      busy.value = true
      problem.value = undefined
      try {
        await what(key)
        key = newKey()
        return true
      } catch (e) {
        if (!(e instanceof Failure)) throw e
        problem.value = e.problem
        if (e.problem.status >= 400 && e.problem.status < 500 && !saysNothing(e.problem.status)) key = newKey()
        return false
      } finally {
        busy.value = false
      }
    },
  }
}
