/** What a screen shows of one step: never more than this (domain: section 9). */
export interface HallStep {
  /** The number without what all of a county share: of which place and day, and its end. */
  lead: string
  tail: string
  item: string
  step: string
  /** The desk that has it; the hall's own name stands for what is not set. */
  where?: string
  /** When it is the applicant's turn to come there: what for. */
  call?: 'supplement' | 'collect'
}

/**
 * The lines a screen shows of all there are: from `from` on, around the end, no
 * more than fit. With few lines nothing moves.
 */
export function visible<T>(steps: T[], from: number, fit: number): T[] {
  if (steps.length <= fit) return steps
  return Array.from({ length: fit }, (_, i) => steps[(from + i) % steps.length])
}

/** Those whose turn it is to come, the newest first. */
export const called = (steps: HallStep[]): HallStep[] => steps.filter((s) => s.call)

/** The latest steps, the newest first: one line a case, no more than `most`. */
export function shown(before: HallStep[], next: HallStep, most: number): HallStep[] {
  return [next, ...before.filter((s) => s.lead !== next.lead || s.tail !== next.tail)].slice(0, most)
}
