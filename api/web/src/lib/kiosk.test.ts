import { describe, expect, it } from 'vitest'
import { askAfter, countdown, grouped, startAfter } from './kiosk'

describe('a kiosk', () => {
  it('asks before it starts anew', () => {
    expect(countdown(askAfter - 1)).toBeUndefined()
    expect(countdown(askAfter)).toBe(startAfter - askAfter)
    expect(countdown(startAfter)).toBe(0)
    expect(countdown(startAfter + 9)).toBe(0)
  })
  it('shows a whole case number in its groups', () => {
    expect(grouped('33052311022020261123010000457')).toBe('330523110220-20261123-01-000045-7')
    expect(grouped('33052320261123010000457')).toBe('330523-20261123-01-000045-7')
    expect(grouped('3305231')).toBe('3305231')
  })
})
