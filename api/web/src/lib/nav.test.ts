import { describe, expect, it } from 'vitest'
import type { Schemas } from '../api'
import { navigation } from './nav'

// What a desk's roles may not, by the table of permissions.
const notVillage = ['fee.collect', 'complaint.handle', 'case.archive', 'result.propose', 'result.decide', 'appraisal.read']
const notLeader = ['fee.collect', 'guide.do', 'record.use', 'account.open', 'custody.move', 'case.submit']
const names = (roles: Schemas['Role'][], not: string[] = []) => navigation(roles, (a) => !not.includes(a)).map((e) => e.name)

describe('the side navigation', () => {
  it('is what a role does all day', () => {
    expect(names(['county_operator'])[0]).toBe('catalog')
    expect(names(['supervisor'])[0]).toBe('supervision')
    expect(names(['village_worker'])[0]).toBe('today')
  })
  it('is the money and nothing else at the fee counter', () => expect(names(['fee_counter'])).toEqual(['fees', 'items']))
  it('has the statistics for leaders', () => expect(names(['department_leader'])).toContain('statistics'))
  it('has at most eight entries for every desk, and every page behind one of them', () => {
    for (const [role, not] of [['village_worker', notVillage], ['township_clerk', []], ['department_window', []], ['department_leader', notLeader], ['township_leader', notLeader]] as [Schemas['Role'], string[]][]) {
      const list = navigation([role], (a) => !not.includes(a))
      expect([role, list.length <= 8]).toEqual([role, true])
      const pages = list.flatMap((e) => e.pages ?? [e.name])
      expect(new Set(pages).size).toBe(pages.length)
      for (const daily of ['today', 'items', 'packages', 'cases']) expect(pages).toContain(daily)
    }
  })
  it('shows a group of one as the page itself', () => {
    const people = navigation(['village_worker'], (a) => a !== 'account.open' && a !== 'account.disable').find((e) => e.name === 'records')
    expect(people).toEqual({ name: 'records' })
    expect(navigation(['village_worker'], () => true).find((e) => e.name === 'records')?.pages).toEqual(['records', 'accounts'])
  })
  it('has no page that is of no use', () => expect(names(['village_worker'], ['card.read'])).not.toContain('supervision'))
  it('has at most eight entries for the county, and none twice', () => {
    for (const roles of [['county_operator'], ['supervisor'], ['auditor']] as Schemas['Role'][][]) expect(names(roles).length).toBeLessThanOrEqual(8)
    const both = names(['county_operator', 'supervisor'])
    expect(new Set(both).size).toBe(both.length)
  })
})
