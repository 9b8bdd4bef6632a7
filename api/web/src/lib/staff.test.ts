import { describe, expect, it } from 'vitest'
import type { Schemas } from '../api'
import { departmental, onLeave, rolesAt, rosterTrouble, substituteOn } from './staff'

const person = (more: Partial<Schemas['Staff']>): Schemas['Staff'] => ({ id: 's1', login: 'a', name: '甲', division: '330523', roles: ['department_leader'], disabled: false, must_change_password: false, ...more })
const roster = (until: string, established = true): Schemas['Roster'] => ({ since_ms: 1, established, rank: 'leader', qualifications: until ? [{ kind: '行政执法证', until }] : [] })

describe('staff', () => {
  it('have the roles of their tier', () => {
    expect(rolesAt('330523110200')).toEqual(['village_worker'])
    expect(rolesAt('330523110')).toContain('township_reviewer')
    expect(rolesAt('330523')).toContain('county_operator')
    expect([departmental('department_window'), departmental('supervisor')]).toEqual([true, false])
  })
  it('decide only as the roster has them', () => {
    const on = '2026-11-26'
    expect(rosterTrouble(person({}), on)).toBe('unlisted')
    expect(rosterTrouble(person({ roster: roster('2029-12-31', false) }), on)).toBe('notEstablished')
    expect(rosterTrouble(person({ roster: roster('') }), on)).toBe('unqualified')
    expect(rosterTrouble(person({ roster: roster('2026-11-25') }), on)).toBe('ended')
    expect(rosterTrouble(person({ roster: roster('2026-12-10') }), on)).toBe('ending')
    expect(rosterTrouble(person({ roster: roster('2029-12-31') }), on)).toBeUndefined()
    expect(rosterTrouble(person({ roster: { ...roster('2029-12-31'), qualifications: [{ kind: '驾驶证', until: '2029-12-31' }] } }), on)).toBe('unqualified')
    expect(rosterTrouble(person({ roster: { ...roster('2029-12-31'), rank: 'deputy_section' } }), on)).toBe('rankLow')
    expect(rosterTrouble(person({ roles: ['township_reviewer'], roster: { ...roster('2029-12-31'), rank: 'clerk' } }), on)).toBeUndefined()
    expect(rosterTrouble(person({ roles: ['auditor'] }), on)).toBeUndefined()
  })
  it('have who was named last for a day', () => {
    const p = person({ duty: [{ substitute: 's2', from: '2026-12-01', until: '2026-12-10' }, { from: '2026-12-05', until: '2026-12-05' }] })
    expect([substituteOn(p, '2026-12-01'), substituteOn(p, '2026-12-05'), substituteOn(p, '2027-01-01')]).toEqual(['s2', '', ''])
    const away = person({ duty: [{ absent: true, from: '2026-12-01', until: '2026-12-10' }, { from: '2026-12-05', until: '2026-12-05' }] })
    expect([onLeave(away, '2026-12-01'), onLeave(away, '2026-12-05'), onLeave(p, '2026-12-01')]).toEqual([true, false, false])
  })
})
