import { describe, expect, it } from 'vitest'
import { inDays, instant, local, today } from './time'

describe('an instant in a sign', () => {
  const noon = Date.parse('2026-11-28T12:00:00+08:00')
  it('is an hour and minute on the same day, and has its day otherwise', () => {
    expect(today(noon - 3_600_000, noon)).toBe('11:00')
    expect(today(noon - 24 * 3_600_000, noon)).toBe('11-27 12:00')
  })
})

describe('a field of date and time', () => {
  it('takes and gives an instant in Beijing time', () => {
    const at = Date.parse('2026-11-28T23:05:00+08:00')
    expect(local(at)).toBe('2026-11-28T23:05')
    expect(instant(local(at))).toBe(at)
    expect(instant('')).toBeUndefined()
    expect(inDays(5, at)).toBe('2026-12-03')
  })
})
