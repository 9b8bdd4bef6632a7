import { describe, expect, it } from 'vitest'
import type { Schemas } from '../api'
import { decided, kept, mean, monthsBefore, monthsOf, percent, top } from './figures'

const row = (key: string, more: Partial<Schemas['StatisticsRow']> = {}): Schemas['StatisticsRow'] => ({
  key, handed_in: 0, taken_up: 0, not_accepted: 0, granted: 0, declined: 0, terminated: 0, corrected: 0, on_time: 0, early: 0, overdue: 0, undated: 0, timed: 0, mean_days_hundredths: -1, p90_days: -1, papers: 0, reused: 0, reused_permille: 0, ...more,
})

describe('figures', () => {
  it('are a dash where there is nothing to count', () => {
    expect(percent(kept(row('a')))).toBe('—')
    expect(mean(row('a'))).toBe('—')
  })
  it('count what was decided by its promise', () => {
    expect(percent(kept(row('a', { on_time: 2, overdue: 1 })))).toBe('66.7%')
    expect(mean(row('a', { mean_days_hundredths: 250 }))).toBe('2.5')
    expect(decided(row('a', { granted: 2, declined: 1 }))).toBe(3)
  })
  it('show the largest, and none that is nothing', () =>
    expect(top([row('a', { handed_in: 1 }), row('b', { handed_in: 3 }), row('c')], (r) => r.handed_in, 5).map((r) => r.key)).toEqual(['b', 'a']))
  it('go over the turn of a year', () => {
    expect(monthsBefore('2026-01', 1)).toBe('2025-12')
    expect(monthsOf('2025-11', '2026-02')).toEqual(['2025-11', '2025-12', '2026-01', '2026-02'])
  })
})
