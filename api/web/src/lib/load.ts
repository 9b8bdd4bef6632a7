import { onUnmounted, ref, shallowRef, type Ref, type ShallowRef } from 'vue'
import { Failure, newKey, type Problem } from '../api'
import { useSession } from '../stores/session'
import { lastKnown } from './lastknown'

/**
 * What a page shows of the node: the last answer stays when the next question
 * fails, with the problem beside it. An answer that comes after a later
 * question's is dropped. What has a name is known again when somebody comes back
 * to its page, with its age, until the node answers; the name tells apart what a
 * filter asks for, so that no answer stands under another question.
 */
export interface Load<T> {
  data: ShallowRef<T | undefined>
  problem: Ref<Problem | undefined>
  loading: Ref<boolean>
  at: Ref<number>
  load: () => Promise<void>
}

export function useLoad<T>(fetch: () => Promise<T>, name?: () => string): Load<T> {
  const data = shallowRef<T>()
  const problem = ref<Problem>()
  const loading = ref(false)
  const at = ref(0)
  let asked = 0
  let shown = ''
  // What one person has read is not known to another.
  const named = () => (name ? JSON.stringify([useSession().who?.staff, name()]) : '')
  function recall(what: string) {
    shown = what
    const known = lastKnown.get<T>(what)
    data.value = known?.value
    at.value = known?.at ?? 0
    problem.value = undefined
  }
  if (name) recall(named())
  async function load() {
    const turn = ++asked
    const what = named()
    if (what !== shown) recall(what)
    loading.value = true
    try {
      const answer = await fetch()
      if (turn !== asked) return
      data.value = answer
      at.value = Date.now()
      problem.value = undefined
      if (name) lastKnown.keep(what, { value: answer, at: at.value })
    } catch (e) {
      if (!(e instanceof Failure)) throw e
      if (turn === asked) problem.value = e.problem
    } finally {
      if (turn === asked) loading.value = false
    }
  }
  return { data, problem, loading, at, load }
}

/**
 * One action at a time. Its key stays until it succeeds or what is sent
 * changes (`anew`), so that sending it again is the same action.
 */
export function useAct() {
  const busy = ref(false)
  const problem = ref<Problem>()
  let key = newKey()
  async function act<T>(send: (key: string) => Promise<T>): Promise<T | undefined> {
    if (busy.value) return undefined
    busy.value = true
    problem.value = undefined
    try {
      const answer = await send(key)
      key = newKey()
      return answer
    } catch (e) {
      if (!(e instanceof Failure)) throw e
      problem.value = e.problem
      // Said once more after that, it is another action.
      if (e.problem.code === 'unanswered' || e.problem.code === 'key_reused') key = newKey()
      return undefined
    } finally {
      busy.value = false
    }
  }
  function anew() {
    key = newKey()
    problem.value = undefined
  }
  return { busy, problem, act, anew }
}

/** Asks again every so many milliseconds while the page is open and looked at. */
export function useEvery(ms: number, look: () => unknown): void {
  const timer = window.setInterval(() => {
    if (!document.hidden) look()
  }, ms)
  onUnmounted(() => window.clearInterval(timer))
}
