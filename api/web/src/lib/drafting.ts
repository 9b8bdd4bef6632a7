import { computed, nextTick, ref, shallowRef, toRaw, watch } from 'vue'
import { newKey } from '../api'
import { alsoOf, DraftKeeper, drafts, whoseIs, type Draft, type KeptDraft } from './draft'
import type { Sealed } from './sealed'

/**
 * A form as a draft of whoever is served now. It opens empty, and is gone on with
 * where the page was reloaded or a draft was chosen: which one stands in the state of
 * the page's history, by an id that says nothing, and never in its address.
 */
export function useDrafting(draft: Draft, vault: () => Promise<Sealed>) {
  const kept = ref(true)
  /** The other drafts of the same item. */
  const others = shallowRef<KeptDraft[]>([])
  let sealed: Sealed | undefined
  let keeper: DraftKeeper | undefined

  const under = (id: string) => {
    keeper = sealed && new DraftKeeper(sealed, id, (is) => (kept.value = is))
    window.history.replaceState({ ...window.history.state, draft: id }, '')
  }

  async function look() {
    if (sealed && keeper) others.value = (await drafts(sealed, draft.item)).filter((d) => d.id !== keeper!.id)
  }

  /** What was typed here before the page was reloaded, or of the draft that was chosen. */
  async function begin(): Promise<Draft | undefined> {
    try {
      sealed = await vault()
    } catch {
      kept.value = false // a browser without storage: the form works, and says that nothing is kept
      return undefined
    }
    const before: unknown = window.history.state?.draft
    under(typeof before === 'string' ? before : newKey())
    await look()
    return keeper?.recall()
  }

  /** From now on each change is kept. */
  function keep() {
    watch(draft, () => keeper?.keep(toRaw(draft)), { deep: true })
    watch(() => [whoseIs(draft), draft.applicant.name], () => {
      const n = whoseIs(draft)
      if (n && (!draft.whose || (draft.whose.id_number === n && !draft.whose.name))) draft.whose = { name: draft.applicant.name.trim(), id_number: n }
    }, { immediate: true })
  }

  /** Leaves this draft as it is, for the next applicant or for another draft. */
  async function leave(id = newKey()): Promise<Draft | undefined> {
    await nextTick()
    await keeper?.settled()
    under(id)
    await look()
    return keeper?.recall()
  }

  async function forget() {
    await keeper?.forget()
  }

  /** The same applicant's other draft. */
  const same = computed(() => alsoOf(draft, keeper?.id ?? '', others.value))
  /** Whose form this was, when the number became somebody else's. */
  const before = computed(() => (draft.whose && whoseIs(draft) && draft.whose.id_number !== whoseIs(draft) ? draft.whose : undefined))

  return { kept, others, same, before, id: () => keeper?.id ?? '', begin, keep, leave, forget, look }
}
