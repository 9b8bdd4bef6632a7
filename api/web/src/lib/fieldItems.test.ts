import { describe, expect, it } from 'vitest'
import type { Schemas } from '../api'
import { search } from './fieldItems'

describe('items out of reach', () => {
  it('are found by name, code and how the name is read, by first letters or whole', () => {
    const items = [{ item: { code: 'TB-1', name: '高龄津贴' } }, { item: { code: 'TB-2', name: '生育登记' } }] as Schemas['ItemAtVersion'][]
    const found = (w: string) => search(items, w).map((i) => i.item.code)
    expect([found('gaoling'), found('gaoljt'), found('GaoLing JinTie'), found('shengyu'), found('ＴＢ-1'), found('shengling')]).toEqual([['TB-1'], ['TB-1'], ['TB-1'], ['TB-2'], ['TB-1'], []])
    expect([found('gl'), found('登记'), found('tb-1'), found(''), found('zzz')]).toEqual([['TB-1'], ['TB-2'], ['TB-1'], ['TB-1', 'TB-2'], []])
  })
})
