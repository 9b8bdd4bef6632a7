import type { Schemas } from '../api'

type Criterion = Schemas['Criterion']

/** What gives points, in proportion between two values. */
export const giving = ['volume', 'on_time', 'early', 'corrections', 'satisfaction', 'rectified', 'attendance'] as const
/** What takes points off, so much for each. */
export const taking = ['yellow', 'red', 'bad', 'absent'] as const
/** What is given or taken by hand, with a reason. */
export const manual = 'manual'

export type Effect = 'gives' | 'takes' | 'hand'

export function effect(measure: string): Effect {
  if ((giving as readonly string[]).includes(measure)) return 'gives'
  return (taking as readonly string[]).includes(measure) ? 'takes' : 'hand'
}

/** A line of the editor: whole points and percent, as people read them. */
export interface Line {
  measure: string
  on: boolean
  points: number
  none: number
  all: number
  each: number
}

/** A scorecard's criteria as lines, those that it does not have switched off. */
export function lines(criteria: readonly Criterion[]): Line[] {
  return [...giving, ...taking, manual].map((measure) => {
    const c = criteria.find((x) => x.measure === measure)
    return { measure, on: !!c, points: (c?.points ?? 0) / 100, none: (c?.none ?? 0) / 10, all: (c?.all ?? 1000) / 10, each: (c?.each ?? 0) / 100 }
  })
}

/** The lines as they are sent: hundredths of a point and per mille. */
export function criteria(list: readonly Line[]): Criterion[] {
  return list
    .filter((l) => l.on)
    .map((l) => ({
      measure: l.measure,
      points: Math.round(l.points * 100),
      ...(effect(l.measure) === 'gives' ? { none: Math.round(l.none * 10), all: Math.round(l.all * 10) } : {}),
      ...(effect(l.measure) === 'takes' ? { each: Math.round(l.each * 100) } : {}),
    })) as Criterion[]
}

/** What gives points comes to this, and has to come to a hundred. */
export function sum(list: readonly Line[]): number {
  return list.filter((l) => l.on && effect(l.measure) === 'gives').reduce((n, l) => n + Math.round(l.points * 100), 0) / 100
}

export type Fault = 'points' | 'same' | 'range' | 'each'

/** What is wrong with a line, as the county's ledger would refuse it; undefined is nothing. */
export function fault(l: Line): Fault | undefined {
  if (!l.on) return undefined
  if (!(l.points > 0 && l.points <= 100)) return 'points'
  if (effect(l.measure) === 'gives') {
    if (!(Math.min(l.none, l.all) >= 0 && Math.max(l.none, l.all) <= 1000)) return 'range'
    if (Math.round(l.none * 10) === Math.round(l.all * 10)) return 'same'
  }
  if (effect(l.measure) === 'takes' && !(l.each > 0 && l.each <= l.points)) return 'each'
  return undefined
}

/** Whether two lists of criteria would judge alike, whatever their order. */
export function alike(a: readonly Criterion[], b: readonly Criterion[]): boolean {
  const text = (list: readonly Criterion[]) => JSON.stringify(criteria(lines(list)))
  return text(a) === text(b)
}

/** Which measures differ between two scorecards' criteria. */
export function changes(before: readonly Criterion[], after: readonly Criterion[]): { measure: string; before?: Criterion; after?: Criterion }[] {
  return [...giving, ...taking, manual]
    .map((measure) => ({ measure, before: before.find((c) => c.measure === measure), after: after.find((c) => c.measure === measure) }))
    .filter((x) => (x.before || x.after) && !alike(x.before ? [x.before] : [], x.after ? [x.after] : []))
}
