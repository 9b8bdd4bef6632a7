import { describe, expect, it } from 'vitest'
import { isFor, stateOf, waitsFor } from './joint'

describe('a joint matter that was told what is missing', () => {
  const windows = [{ department: '甲局', item_name: '一' }, { department: '乙局', item_name: '二' }, { department: '甲局', item_name: '三' }]
  it('is that until all of it came', () => {
    expect(stateOf({ status: 'supplementing' })).toBe('supplementing')
    expect(stateOf({ status: 'supplementing', answered: {} })).toBe('supplementing')
    expect(stateOf({ status: 'supplementing', answered: { since_ms: 5, windows } })).toBe('answered')
    expect(stateOf({ status: 'accepted' })).toBe('accepted')
  })
  it('waits for each department once then', () => {
    expect(waitsFor({ windows })).toEqual(['甲局', '乙局'])
    expect(waitsFor(undefined)).toEqual([])
  })
})

describe('what is offered', () => {
  it('is for a person, for an organisation or for both', () => {
    const fits = (who: '' | 'person' | 'organisation') => (['自然人', '法人', 'both', undefined] as const).map((s) => isFor(s, who))
    expect(fits('person')).toEqual([true, false, true, false])
    expect(fits('organisation')).toEqual([false, true, true, false])
    expect(fits('')).toEqual([true, true, true, true])
  })
})
