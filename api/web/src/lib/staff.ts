import type { Schemas } from '../api'

type Role = Schemas['Role']

/** The roles there are at each tier (domain: duties). */
const roles: Record<Schemas['Tier'], readonly Role[]> = {
  village: ['village_worker'],
  township: ['township_clerk', 'township_reviewer', 'township_leader'],
  county: ['department_window', 'department_reviewer', 'department_leader', 'fee_counter', 'supervisor', 'county_operator', 'auditor'],
}

export function tierOf(division: string): Schemas['Tier'] {
  return division.length > 9 ? 'village' : division.length > 6 ? 'township' : 'county'
}

export function rolesAt(division: string): readonly Role[] {
  return roles[tierOf(division)]
}

/** A role that is of a department, which then has to be named. */
export function departmental(r: Role): boolean {
  return r.startsWith('department_')
}

/** What the roster has that keeps a person from deciding, or soon will. */
export type RosterTrouble = 'unlisted' | 'notEstablished' | 'unqualified' | 'ended' | 'rankLow' | 'ending'

/** Whether a person may decide by the roster, on a day; ending within so many days is told before. */
export function rosterTrouble(p: Schemas['Staff'], today: string, soon = 60): RosterTrouble | undefined {
  const decides = p.roles.some((r) => r.endsWith('_leader') || r.endsWith('_reviewer') || r === 'township_clerk' || r === 'department_window')
  if (!decides || p.disabled) return undefined
  if (!p.roster?.since_ms) return 'unlisted'
  if (!p.roster.established) return 'notEstablished'
  const ends = p.roster.qualifications.filter((q) => q.kind.startsWith('行政执法证')).map((q) => q.until).sort()
  const last = ends[ends.length - 1]
  if (!last) return 'unqualified'
  if (last < today) return 'ended'
  if (p.roles.some((r) => r.endsWith('_leader')) && (p.roster.rank === 'clerk' || p.roster.rank === 'deputy_section')) return 'rankLow'
  return days(today, last) <= soon ? 'ending' : undefined
}

function days(from: string, to: string): number {
  return (Date.parse(to) - Date.parse(from)) / 86_400_000
}

/** Who stands in for a person on a day: what was said last about it holds. */
export function substituteOn(p: Schemas['Staff'], day: string): string {
  const said = [...(p.duty ?? [])].reverse().find((d) => d.from <= day && day <= d.until)
  return said?.substitute ?? ''
}

/** Whether a person is on leave on a day with nobody standing in. */
export function onLeave(p: Schemas['Staff'], day: string): boolean {
  const said = [...(p.duty ?? [])].reverse().find((d) => d.from <= day && day <= d.until)
  return !!said?.absent && !said.substitute
}
