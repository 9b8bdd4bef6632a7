import { describe, expect, it } from 'vitest'
import type { Schemas } from '../api'
import { navigation } from './nav'

const names = (roles: Schemas['Role'][], not: string[] = []) => navigation(roles, (a) => !not.includes(a)).map((e) => e.name)

describe('the side navigation', () => {
  it('is what a role does all day', () => {
    expect(names(['county_operator'])[0]).toBe('catalog')
    expect(names(['supervisor'])[0]).toBe('supervision')
    expect(names(['village_worker'])[0]).toBe('today')
  })
  it('has the statistics for leaders', () => expect(names(['department_leader'])).toContain('statistics'))
  it('has no page that is of no use', () => expect(names(['village_worker'], ['card.read'])).not.toContain('supervision'))
  it('has at most eight entries for the county, and none twice', () => {
    for (const roles of [['county_operator'], ['supervisor'], ['auditor']] as Schemas['Role'][][]) expect(names(roles).length).toBeLessThanOrEqual(8)
    const both = names(['county_operator', 'supervisor'])
    expect(new Set(both).size).toBe(both.length)
  })
})
