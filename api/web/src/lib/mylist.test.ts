import { describe, expect, it } from 'vitest'
import type { Schemas } from '../api'
import { packagesFor, readAnew, rowsOf } from './mylist'

const one = (id: string, at: number, joint?: string) => ({ id, handed_in_ms: at, ...(joint ? { joint } : {}) }) as Schemas['MyCaseSummary']
const whole = (id: string, at: number) => ({ summary: { id, number: 'N-' + id, handed_in_ms: at }, members: [] }) as unknown as Schemas['MyJointListed']
const ids = (rows: { id: string }[]) => rows.map((r) => r.id)

describe('the list of an account', () => {
  it('shows a joint matter once, and none of its cases by itself', () => {
    const rows = rowsOf([one('c', 3), one('b2', 2, 'N-b'), one('b1', 2, 'N-b'), one('a', 1)], false, [whole('b', 2)], false)
    expect(ids(rows)).toEqual(['c', 'b', 'a'])
    expect(rows.map((r) => r.kind)).toEqual(['case', 'joint', 'case'])
  })
  it('keeps a case whose joint matter was not read', () => {
    expect(ids(rowsOf([one('b1', 2, 'N-b')], false, [], false))).toEqual(['b1'])
  })
  it('shows nothing below which something could still come', () => {
    expect(ids(rowsOf([one('c', 9), one('a', 5)], true, [whole('b', 7), whole('z', 1)], false))).toEqual(['c', 'b', 'a'])
    expect(ids(rowsOf([one('c', 9), one('a', 1)], false, [whole('b', 7)], true))).toEqual(['c', 'b'])
  })
  it('shows all of it once all was read', () => {
    expect(ids(rowsOf([one('a', 1)], false, [whole('b', 7), whole('z', 0)], false))).toEqual(['b', 'a', 'z'])
    expect(rowsOf([], false, [], false)).toEqual([])
  })
})

describe('a list that is read anew', () => {
  const anew = (shown: string[], top: string[], more: boolean) => readAnew(shown.map((id) => one(id, Number(id))), top.map((id) => one(id, Number(id))), more, (c) => c.handed_in_ms, (c) => c.id).map((c) => c.id)
  it('is what was read, where that is all', () => {
    expect(anew(['3', '2', '1'], ['4', '3'], false)).toEqual(['4', '3'])
    expect(anew(['1'], [], true)).toEqual([])
  })
  it('keeps what was shown below, loses none and shows none twice', () => {
    expect(anew(['4', '3', '2', '1'], ['5', '4'], true)).toEqual(['5', '4', '3', '2', '1'])
    expect(anew(['4', '3', '2', '1'], ['4', '2'], true)).toEqual(['4', '2', '1'])
  })
})

describe('the packages beside the items that were found', () => {
  const pack = (code: string, name: string, online: boolean, items: string[]) => ({ code, name, online, items: items.map((i) => ({ code: i, name: '事项' + i })) }) as unknown as Schemas['OnlinePackage']
  const all = [pack('PK-01', '开办旅馆', false, ['A', 'B']), pack('PK-02', '新生儿出生一件事', true, ['C', 'D', 'E'])]
  const found = (...codes: string[]) => codes.map((code) => ({ code })) as Schemas['OnlineItem'][]
  const codes = (list: Schemas['OnlinePackage'][]) => list.map((p) => p.code)
  it('are those whose name or item has the words', () => {
    expect(codes(packagesFor(all, [], '出生'))).toEqual(['PK-02'])
    expect(codes(packagesFor(all, [], '事项B'))).toEqual(['PK-01'])
    expect(codes(packagesFor(all, [], 'pk-01'))).toEqual(['PK-01'])
    expect(packagesFor(all, [], '养老')).toEqual([])
  })
  it('are those of which several items were found, online ones first', () => {
    expect(codes(packagesFor(all, found('C', 'A', 'B', 'D'), ''))).toEqual(['PK-02', 'PK-01'])
    expect(codes(packagesFor(all, found('C', 'A'), 'cs'))).toEqual([])
  })
})
