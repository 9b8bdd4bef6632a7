import { describe, expect, it } from 'vitest'
import type { Schemas } from '../api'
import { answersBefore, partsBefore, takeOver } from './again'
import type { Application, Matter } from './apply'

const scan = (hash: string) => ({ hash, name: hash + '.jpg', size: 1, type: 'image/jpeg' })
const empty = (): Application => ({ item: 'TB-1', version: 2, actingFor: '', township: '', village: '', parts: [], form: { a: '', b: '' }, applying: [], onFile: {}, files: { 申请书: [], 照片: [] }, service: 'electronic', key: 'k' })
const matter = { code: 'TB-1', name: 'x', subject: 'both', form: [{ key: 'a' }, { key: 'b' }], materials: [{ name: '申请书', required: true }, { name: '照片', required: false }] } as unknown as Matter
const before = (more: Partial<Schemas['MyCase']>) =>
  ({ applicant: { type: 'person', name: '王芳', id_number: '330599', phone: '138' }, form: [{ key: 'a', value: '1' }, { key: 'old', value: '2' }], materials: [{ name: '申请书', attachments: [scan('h1')] }, { name: '旧材料', attachments: [scan('h2')] }], applying: ['照片', '旧材料'], division: '330523110220', ...more }) as unknown as Schemas['MyCase']

describe('an earlier case that is taken over', () => {
  it('brings the answers and papers that are still asked for', () => {
    const app = empty()
    takeOver(app, before({}), matter, true)
    expect(app.form).toEqual({ a: '1', b: '' })
    expect(app.files).toEqual({ 申请书: [scan('h1')], 照片: [] })
    expect(app.applying).toEqual(['照片'])
    expect([app.township, app.village, app.other, app.actingFor]).toEqual(['330523110', '330523110220', undefined, ''])
  })
  it('brings no papers to a renewal', () => {
    const app = empty()
    takeOver(app, before({ acting_for: 'f1', division: '330523' }), matter, false)
    expect(app.files).toEqual({ 申请书: [], 照片: [] })
    expect([app.actingFor, app.township, app.village]).toEqual(['f1', '', ''])
  })
  it('is for whom it was, with the proof that one may act', () => {
    const app = empty()
    takeOver(app, before({ for_other: true, agent: { name: '李强', authority: '委托书' } as Schemas['MyCase']['agent'], authority: [scan('p')] }), matter, true)
    expect(app.other).toEqual({ type: 'person', name: '王芳', number: '330599', phone: '138', authority: '委托书', proof: [scan('p')] })
    takeOver(app, before({ for_other: true }), matter, false)
    expect(app.other?.proof).toEqual([])
  })
  it('of a package has the optional parts that can be chosen still', () => {
    const part = (code: string, optional: boolean, inPerson = '') => ({ code, name: code, department: '', optional, when: '', inPerson })
    expect(partsBefore([part('A', false), part('B', true), part('C', true, '须到场'), part('D', true)], ['A', 'B', 'C'])).toEqual(['B'])
  })
  it('has no answers that were left empty', () => expect(answersBefore([{ key: 'a' }], [{ key: 'a', value: '' }])).toEqual({}))
})
