import { describe, expect, it } from 'vitest'
import type { Matter } from './apply'
import { broughtAt, broughtOf, broughtSince, settles, toBring } from './bring'

const shape = { form: [{ key: 'a', label: '住址', type: 'address', required: true }], materials: [{ name: '甲' }, { name: '乙' }] } as unknown as Matter

describe('what is to be brought after', () => {
  it('names a paper once that two departments ask for, with what each said', () => {
    const points = [
      { material: '甲', problem: 'unclear' as const, how: '重新拍照' },
      { material: '甲', problem: 'wrong' as const, how: '须盖章' },
      { material: '甲', problem: 'unclear' as const, how: '重新拍照' },
      { field: 'a', problem: 'wrong' as const, how: '写到门牌' },
    ]
    expect(toBring(points, shape)).toEqual({ papers: [{ name: '甲', how: ['重新拍照', '须盖章'] }], fields: [{ field: shape.form[0], how: ['写到门牌'] }] })
  })
  it('asks for an answer that the form does not know any more', () => {
    expect(toBring([{ field: 'old', problem: 'missing', how: '补填' }], shape).fields[0].field).toMatchObject({ key: 'old', label: 'old' })
  })
  it('is any paper where no notice names one', () => {
    expect(toBring([], shape).papers.map((p) => p.name)).toEqual(['甲', '乙'])
  })
  it('is handed in without what was left empty', () => {
    const file = { hash: 'h', name: 'x.jpg', size: 1, type: 'image/jpeg' }
    expect(broughtOf({ 甲: [file], 乙: [] }, { a: ' 1 ', b: ' ' }, ' ')).toEqual({ materials: [{ name: '甲', form: 'electronic', copies: 1, attachments: [file] }], form: [{ key: 'a', value: '1' }] })
  })
  it('is known to have come, a paper by its name and an answer by its key', () => {
    const came = [{ at: 5, materials: [{ name: '甲' }] }, { at: 9, materials: [{ name: '甲' }], form: [{ key: 'a', value: '1' }] }] as unknown as Parameters<typeof broughtAt>[1]
    const point = (of: object) => ({ problem: 'wrong' as const, how: '', ...of })
    expect(broughtAt(point({ material: '甲' }), came)).toBe(9)
    expect(broughtAt(point({ field: 'a' }), came)).toBe(9)
    expect(broughtAt(point({ material: '乙' }), came)).toBeUndefined()
  })

  it('does not count what came before it was asked for, and says when all came', () => {
    const came = [{ at: 5, materials: [{ name: '甲' }] }, { at: 20, form: [{ key: 'a', value: '1' }] }] as unknown as Parameters<typeof broughtAt>[1]
    const since = (p: object) => broughtSince({ problem: 'missing', how: '', ...p }, came, 10)
    expect([since({ material: '甲' }), since({ field: 'a' })]).toEqual([undefined, 20])
    expect([settles([]), settles([{ came: 5 }, {}]), settles([{ came: 5 }])]).toEqual([false, false, true])
  })
})
