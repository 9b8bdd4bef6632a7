import type { Schemas } from '../api'

type Deadline = Schemas['Deadline']

/** How pressing a case is, the most pressing first. */
export const groups = ['overdue', 'instant', 'today', 'soon', 'later', 'none', 'ended'] as const
export type Group = (typeof groups)[number]

/** How many working days count as soon. */
export const soonDays = 3

/** The group of a case by its deadline; none runs when it is suspended or done. */
export function groupOf(d: Deadline | undefined): Group {
  if (!d) return 'none'
  if (d.overdue) return 'overdue'
  if (d.instant) return 'instant'
  if (!d.due || d.left === undefined) return 'none'
  if (d.left <= 0) return 'today'
  return d.left <= soonDays ? 'soon' : 'later'
}

type Listed = { status?: Schemas['CaseStatus']; deadline?: Deadline }
const place = (c: Listed): Group => (c.status && ended(c.status) ? 'ended' : groupOf(c.deadline))

/** A list in groups, each in the order it came in, what has ended last; groups without a case are left out. */
export function grouped<T extends Listed>(cases: T[]): { group: Group; cases: T[] }[] {
  return groups.map((group) => ({ group, cases: cases.filter((c) => place(c) === group) })).filter((g) => g.cases.length > 0)
}

/** The next row from where one stands, staying within the list; -1 stands nowhere. */
export function step(at: number, by: number, length: number): number {
  if (length === 0) return -1
  return Math.min(Math.max(at + by, 0), length - 1)
}

/** What was shown beyond a first part that was read anew: nothing twice. */
export function beyond<T extends { id: string }>(shown: T[], anew: T[]): T[] {
  const again = new Set(anew.map((x) => x.id))
  return shown.slice(anew.length).filter((x) => !again.has(x.id))
}

/** Whether a case has come to its end, or never became one. */
export const ended = (status: Schemas['CaseStatus']) => ['not_accepted', 'closed', 'terminated', 'refused', 'held'].includes(status)

/** What is due first comes first, as a queue shows it. */
export function dueFirst<T extends Listed & { number: string }>(cases: T[]): T[] {
  const places = new Map(cases.map((c) => [c, `${groups.indexOf(place(c))} ${c.deadline?.due ?? '9'} ${c.number}`]))
  return [...cases].sort((a, b) => (places.get(a)! < places.get(b)! ? -1 : 1))
}
