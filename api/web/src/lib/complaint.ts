import type { Schemas } from '../api'

/** Whether somebody can be named to answer a complaint: not whom it is about, and only whose office it concerns. The node has the last word. */
export function mayHandle(p: Pick<Schemas['Staff'], 'id' | 'disabled' | 'roles' | 'division' | 'department'>, c: Pick<Schemas['Complaint'], 'staff' | 'division' | 'department'>): boolean {
  if (p.disabled || p.id === c.staff) return false
  return p.roles.some((r) => r === 'supervisor' || (r === 'department_leader' && !!c.department && p.department === c.department) || (r === 'township_leader' && !!c.division?.startsWith(p.division)))
}
