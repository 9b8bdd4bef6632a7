import { describe, expect, it } from 'vitest'
import { exceptions, months } from './calendar'

const year = { year: 2026, status: 'announced' as const, verified: true, source: [], holidays: ['2026-01-01', '2026-01-02'], workdays: ['2026-01-04'], names: [{ date: '2026-01-01', name: '元旦' }] }

describe('the year', () => {
  it('has its days under their weekdays', () => {
    const [january, february] = months(2026, undefined)
    expect(january.weeks[0].map((d) => d?.day)).toEqual([undefined, undefined, undefined, 1, 2, 3, 4])
    expect(february.weeks).toHaveLength(5)
    expect(months(2024, undefined)[1].weeks.flat().filter(Boolean)).toHaveLength(29)
  })
  it('knows holidays and the weekends worked for them', () => {
    const [january] = months(2026, year)
    expect(january.weeks[0].map((d) => d?.kind)).toEqual([undefined, undefined, undefined, 'holiday', 'holiday', 'weekend', 'makeUp'])
    expect(january.working).toBe(22 - 2 + 1)
    expect(exceptions(months(2026, year)).map((d) => [d.date, d.name])).toEqual([['2026-01-01', '元旦'], ['2026-01-02', ''], ['2026-01-04', '']])
  })
  it('has 261 weekdays in 2026, less and plus what was announced', () => {
    expect(months(2026, undefined).reduce((n, m) => n + m.working, 0)).toBe(261)
    expect(months(2026, year).reduce((n, m) => n + m.working, 0)).toBe(260)
  })
})
