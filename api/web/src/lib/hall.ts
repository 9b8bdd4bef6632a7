/** What a screen shows of one step: never more than this (domain: section 9). */
export interface HallStep {
  tail: string
  item: string
  step: string
}

/** The latest steps, the newest first: one line a case, no more than `most`. */
export function shown(before: HallStep[], next: HallStep, most: number): HallStep[] {
  return [next, ...before.filter((s) => s.tail !== next.tail || s.item !== next.item)].slice(0, most)
}
