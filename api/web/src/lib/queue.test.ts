import { describe, expect, it } from 'vitest'
import { beyond, dueFirst, ended, grouped, groupOf, step } from './queue'

const base = { kind: 'promised' as const, instant: false, overdue: false }

describe('a queue', () => {
  it('knows what is pressing', () => {
    expect([
      groupOf(undefined),
      groupOf({ ...base, due: '2026-11-20', left: -2, overdue: true }),
      groupOf({ ...base, due: '2026-11-27', left: 1, instant: true }),
      groupOf({ ...base, due: '2026-11-26', left: 0 }),
      groupOf({ ...base, due: '2026-12-01', left: 3 }),
      groupOf({ ...base, due: '2026-12-02', left: 4 }),
      groupOf(base),
    ]).toEqual(['none', 'overdue', 'instant', 'today', 'soon', 'later', 'none'])
  })
  it('is shown in groups, the most pressing first', () => {
    const cases = [{ id: 1, deadline: { ...base, due: '2026-12-09', left: 9 } }, { id: 2 }, { id: 3, deadline: { ...base, overdue: true } }]
    expect(grouped(cases).map((g) => [g.group, g.cases.map((c) => c.id)])).toEqual([['overdue', [3]], ['later', [1]], ['none', [2]]])
  })
  it('has what has ended at its end', () => {
    const cases = [{ id: 1, status: 'closed' as const }, { id: 2, status: 'accepted' as const }, { id: 3, status: 'refused' as const }]
    expect(grouped(cases).map((g) => [g.group, g.cases.map((c) => c.id)])).toEqual([['none', [2]], ['ended', [1, 3]]])
  })
  it('is written to a file in the order in which it is shown, without what has ended', () => {
    const due = (number: string, day: string, left: number) => ({ number, deadline: { ...base, due: day, left } })
    const all = [{ number: 'd' }, due('c', '2026-12-09', 9), { number: 'a', deadline: { ...base, overdue: true, due: '2026-11-20' } }, due('b', '2026-12-08', 8)]
    expect(dueFirst(all).map((c) => c.number)).toEqual(['a', 'b', 'c', 'd'])
    expect((['handed_in', 'closed', 'issued', 'held'] as const).map(ended)).toEqual([false, true, false, true])
  })
  it('is walked through without leaving it', () => {
    expect([step(-1, 1, 3), step(-1, -1, 3), step(0, -1, 3), step(2, 1, 3), step(0, 1, 3), step(0, 1, 0)]).toEqual([0, 0, 0, 2, 1, -1])
  })
})

describe('a long list that is read anew in part', () => {
  const ids = (...all: string[]) => all.map((id) => ({ id }))
  it('keeps what was shown beyond that part, and nothing twice', () => {
    expect(beyond(ids('a', 'b', 'c', 'd'), ids('n', 'a'))).toEqual(ids('c', 'd'))
    expect(beyond(ids('a', 'b', 'c'), ids('c', 'a'))).toEqual([])
    expect(beyond(ids('a'), ids('a', 'b'))).toEqual([])
  })
})
