import { ref, watch, type Ref } from 'vue'
import { useRoute, useRouter } from 'vue-router'

/** One of a few choices, kept in the address under a name; the first where the address names none. */
export function useChoice<T extends string>(name: string, all: readonly [T, ...T[]]): Ref<T> {
  const route = useRoute()
  const router = useRouter()
  const chosen = ref(all.find((c) => c === route.query[name]) ?? all[0]) as Ref<T>
  watch(chosen, (c) => void router.replace({ query: c === all[0] ? {} : { [name]: c } }))
  return chosen
}
