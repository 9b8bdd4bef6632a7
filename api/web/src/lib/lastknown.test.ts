import { describe, expect, it } from 'vitest'
import { lastKnown } from './lastknown'

describe('lists as they were read last', () => {
  it('keeps the latest ones, and none for the next person', () => {
    for (let i = 0; i < 21; i++) lastKnown.keep(`list ${i}`, { cases: [], cursor: '', at: i })
    expect(lastKnown.get('list 0')).toBeUndefined()
    expect(lastKnown.get('list 20')?.at).toBe(20)
    lastKnown.forget()
    expect(lastKnown.get('list 20')).toBeUndefined()
  })
})
