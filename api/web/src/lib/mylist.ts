import type { Schemas } from '../api'

type Case = Schemas['MyCaseSummary']
type Joint = Schemas['MyJointListed']

/** What an account's list shows: a case, or a joint matter with its cases below it. */
export type Row = { kind: 'case'; at: number; id: string; case: Case } | { kind: 'joint'; at: number; id: string; joint: Joint }

/**
 * The account's list out of its cases and its joint matters, each read so far as
 * newest first. A case of a joint matter stands below that and not by itself. Where
 * one of the two has more to read, nothing older than what was read of it is shown
 * yet: what comes next belongs below what is there.
 */
export function rowsOf(cases: readonly Case[], moreCases: boolean, joints: readonly Joint[], moreJoints: boolean): Row[] {
  const ends = [
    ...(moreCases ? cases.slice(-1).map((c) => c.handed_in_ms) : []),
    ...(moreJoints ? joints.slice(-1).map((j) => j.summary.handed_in_ms) : []),
  ]
  const until = Math.max(...ends, -Infinity)
  const whole = new Set(joints.map((j) => j.summary.number))
  const rows: Row[] = [
    ...joints.map((joint): Row => ({ kind: 'joint', at: joint.summary.handed_in_ms, id: joint.summary.id, joint })),
    ...cases.filter((c) => !c.joint || !whole.has(c.joint)).map((c): Row => ({ kind: 'case', at: c.handed_in_ms, id: c.id, case: c })),
  ]
  return rows.filter((r) => r.at >= until).sort((a, b) => b.at - a.at || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0))
}

/**
 * A list that is read anew from its top: what was shown below what was read stays, and
 * nothing is there twice. `more` is whether anything comes below what was read.
 */
export function readAnew<T>(shown: readonly T[], top: readonly T[], more: boolean, at: (x: T) => number, id: (x: T) => string): T[] {
  const last = top[top.length - 1]
  if (!more || top.length === 0) return [...top]
  const read = new Set(top.map(id))
  return [...top, ...shown.filter((x) => !read.has(id(x)) && (at(x) < at(last) || (at(x) === at(last) && id(x) < id(last))))]
}

/**
 * The packages that stand beside the items that were found: those of which the name
 * or the name of an item has the words, and, where the words are a reading or a
 * life event that only the search of items knows, those with several items among
 * what was found. What can be done from home comes first.
 */
export function packagesFor(packages: readonly Schemas['OnlinePackage'][], found: readonly Schemas['OnlineItem'][], words: string): Schemas['OnlinePackage'][] {
  const codes = new Set(found.map((i) => i.code))
  const said = (name: string) => words !== '' && name.includes(words)
  return packages
    .filter((p) => said(p.name) || p.code === words.toUpperCase() || p.items.some((i) => said(i.name)) || p.items.filter((i) => codes.has(i.code)).length > 1)
    .sort((a, b) => Number(b.online) - Number(a.online))
}
