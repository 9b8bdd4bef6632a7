import { describe, expect, it } from 'vitest'
import type { Schemas } from '../api'
import { asksFor, draftOf, renewalOf, soon, todayAt } from './licence'

const one = (may: boolean, apply_by?: string) => ({ case: 'c1', item: 'TB-1', result: { id: '2' }, renewal: { may, apply_by } }) as unknown as Schemas['MyResult']

describe('what was issued', () => {
  it('is put forward for its renewal when that is near, or late', () => {
    expect(soon(one(true, '2027-02-01'), '2026-12-02')).toBe(false)
    expect(soon(one(true, '2027-02-01'), '2026-12-03')).toBe(true)
    expect(soon(one(true, '2026-11-01'), '2026-12-03')).toBe(true)
    expect(soon(one(false, '2026-12-04'), '2026-12-03')).toBe(false)
    expect(soon(one(true), '2026-12-03')).toBe(false)
  })
  it('has days of the county', () => {
    expect(todayAt(Date.parse('2026-12-02T15:59:59Z'))).toBe('2026-12-02')
    expect(todayAt(Date.parse('2026-12-02T16:00:00Z'))).toBe('2026-12-03')
  })
  it('is renewed by its own item', () => expect(renewalOf(one(true))).toEqual({ name: 'myApply', params: { code: 'TB-1' }, query: { renews: 'c1', result: '2' } }))
})

describe('a renewal', () => {
  it('is asked for by the address', () => {
    expect(asksFor({ renews: 'c1', result: '2', step: '3' })).toEqual({ case: 'c1', result: '2' })
    for (const q of [{}, { renews: 'c1' }, { result: '1' }, { renews: ['a', 'b'], result: '1' }, { renews: '', result: '1' }]) expect(asksFor(q)).toBeUndefined()
  })
  it('has a draft of its own', () => {
    expect(draftOf('TB-1', false)).toBe('TB-1')
    expect(draftOf('TB-1', true)).toBe('package:TB-1')
    expect(draftOf('TB-1', false, { case: 'c1', result: '2' })).toBe('renew:c1:2')
    expect(draftOf('TB-1', false, undefined, 'c9')).toBe('again:c9')
  })
})
