import { describe, expect, it } from 'vitest'
import type { Schemas } from '../api'
import { initials, search } from './fieldItems'

describe('items out of reach', () => {
  it('are found by name, code and the first letters of the reading', () => {
    expect(initials('高龄津贴')).toBe('GLJT')
    expect(initials('生育登记A')).toBe('SYDJA')
    const items = [{ item: { code: 'TB-1', name: '高龄津贴' } }, { item: { code: 'TB-2', name: '生育登记' } }] as Schemas['ItemAtVersion'][]
    const found = (w: string) => search(items, w).map((i) => i.item.code)
    expect([found('gl'), found('登记'), found('tb-1'), found(''), found('zzz')]).toEqual([['TB-1'], ['TB-2'], ['TB-1'], ['TB-1', 'TB-2'], []])
  })
})
