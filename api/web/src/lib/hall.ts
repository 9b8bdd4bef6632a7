/** What a screen shows of one step: never more than this (domain: section 9). */
export interface HallStep {
  tail: string
  item: string
  step: string
}

/**
 * The lines a screen shows of all there are: from `from` on, around the end, no
 * more than fit. With few lines nothing moves.
 */
export function visible<T>(steps: T[], from: number, fit: number): T[] {
  if (steps.length <= fit) return steps
  return Array.from({ length: fit }, (_, i) => steps[(from + i) % steps.length])
}

/** The latest steps, the newest first: one line a case, no more than `most`. */
export function shown(before: HallStep[], next: HallStep, most: number): HallStep[] {
  return [next, ...before.filter((s) => s.tail !== next.tail || s.item !== next.item)].slice(0, most)
}
