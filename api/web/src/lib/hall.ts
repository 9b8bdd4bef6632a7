/** What a screen shows of one step: never more than this (domain: section 9). */
export interface HallStep {
  /** The number without what all of a county share: of which place and day, and its end. */
  lead: string
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
  return [next, ...before.filter((s) => s.lead !== next.lead || s.tail !== next.tail)].slice(0, most)
}
