import type { Schemas } from '../api'

type Person = Pick<Schemas['Session'], 'division' | 'department'>
type Held = Pick<Schemas['CaseSummary'], 'holder' | 'department'>

/** Whether a case lies at somebody's own desk now: at the county a desk is a department's. */
export function holds(who: Person | null | undefined, held: Held): boolean {
  return !!who && who.division === held.holder && (held.holder.length > 6 || who.department === held.department)
}
