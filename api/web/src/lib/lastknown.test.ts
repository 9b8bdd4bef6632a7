import { describe, expect, it } from 'vitest'
import { lastKnown } from './lastknown'

describe('what was read last', () => {
  it('keeps the latest, and nothing for the next person', () => {
    for (let i = 0; i < 41; i++) lastKnown.keep(`list ${i}`, { value: [i], at: i })
    expect(lastKnown.get('list 0')).toBeUndefined()
    expect(lastKnown.get('list 40')).toEqual({ value: [40], at: 40 })
    lastKnown.forget()
    expect(lastKnown.get('list 40')).toBeUndefined()
  })
})
