import { describe, expect, it } from 'vitest'
import type { Schemas } from '../api'
import { packageSubmissionOf, partsOf, stepOfFault, stepsOf, submissionOf, told, wantedOf, type Application } from './apply'

const field = (key: string) => ({ key, label: key, type: 'string', required: true }) as Schemas['Item']['form'][number]
const paper = (name: string, required: boolean) => ({ name, required, form: '原件', copies: 1, source: '申请人' }) as Schemas['Item']['materials'][number]
const item = { code: 'TB-1', form: ['name', 'a', 'b', 'c', 'd', 'e'].map(field), materials: [paper('甲', true), paper('乙', false)] } as unknown as Schemas['Item']
const blank = (): Application => ({ item: 'TB-1', version: 3, actingFor: '', township: '', village: '', form: {}, applying: [], files: {}, service: 'electronic', key: 'k' })

describe('an application from home', () => {
  it('asks one thing at a time, and nothing that the account knows', () => {
    const steps = stepsOf(item, 'county', 0, new Set(['name']), blank())
    expect(steps.map((s) => s.kind)).toEqual(['form', 'form', 'applying', 'paper', 'check'])
    expect(steps[0].kind === 'form' && steps[0].fields.map((f) => f.key)).toEqual(['a', 'b', 'c', 'd'])
  })
  it('asks for whom and where only when that is not clear', () => {
    expect(stepsOf(item, 'village', 1, new Set(), blank()).map((s) => s.kind).slice(0, 2)).toEqual(['who', 'place'])
  })
  it('asks for a paper of some cases once that case is ticked', () => {
    expect(stepsOf(item, 'county', 0, new Set(), { ...blank(), applying: ['乙'] }).filter((s) => s.kind === 'paper')).toHaveLength(2)
  })
  it('hands in what was filled in, and no paper that does not apply', () => {
    const file = { hash: 'h', name: 'x.jpg', size: 1, type: 'image/jpeg' }
    const s = submissionOf({ ...blank(), form: { a: ' 1 ', b: '' }, files: { 甲: [file], 乙: [file] }, village: '330523110220', township: '330523110' }, item)
    expect(s.form).toEqual([{ key: 'a', value: '1' }])
    expect(s.materials).toEqual([{ name: '甲', form: 'electronic', copies: 1, attachments: [file] }])
    expect(s.division).toBe('330523110220')
  })
  it('is made for another with the proof that they asked for it', () => {
    const proof = [{ hash: 'p', name: '委托书.jpg', size: 1, type: 'image/jpeg' }]
    const app = { ...blank(), actingFor: 'firm', form: { name: '我' }, other: { type: 'person' as const, name: ' 甲 ', number: '33059919850412005X', phone: '13800000000', authority: '授权委托书', proof } }
    expect(stepsOf(item, 'county', 0, new Set(), app).map((s) => s.kind).slice(0, 2)).toEqual(['who', 'other'])
    const s = submissionOf(app, { ...item, form: [field('applicant_name'), field('id_number'), field('a')] } as typeof item)
    expect(s).toMatchObject({ applicant: { type: 'person', name: '甲', id_number: '33059919850412005X', phone: '13800000000' }, authority_name: '授权委托书', authority: proof })
    expect(s.form).toEqual([{ key: 'applicant_name', value: '甲' }, { key: 'id_number', value: '33059919850412005X' }])
    expect(s.acting_for).toBeUndefined()
    expect(told(app.other, () => true)).toBe(true)
    expect(told({ ...app.other, proof: [] }, () => true)).toBe(false)
    expect(told(app.other, () => false)).toBe(false)
  })
  it('names a paper on file in the place of a photograph', () => {
    const onFile = { 甲: { case: 'c', brought: 'e', material: '甲' } }
    expect(submissionOf({ ...blank(), onFile }, item).materials).toEqual([{ name: '甲', form: 'electronic', copies: 1, attachments: [], on_file: onFile.甲 }])
  })
  it('leads from a fault to the page where it is mended', () => {
    const steps = stepsOf(item, 'village', 0, new Set(['name']), blank())
    const fault = (path: string, zh: string) => ({ path, zh, en: '', code: 'missing' }) as Schemas['Fault']
    expect(stepOfFault(steps, fault('form.e', ''))).toBe(2)
    expect(stepOfFault(steps, fault('division', ''))).toBe(0)
    expect(stepOfFault(steps, fault('materials', '缺少材料：甲'))).toBe(4)
    expect(stepOfFault(steps, fault('phone', ''))).toBe(steps.length - 1)
  })
})

describe('an application for a joint matter from home', () => {
  const part = (code: string, optional: boolean) => ({ code, version: 1, name: code, department: '局', stage: 1, optional, promised_working_days: 1, ...(optional ? { when: '有时' } : {}) })
  const parts = partsOf([part('A', false), part('B', true), part('C', true)], [
    { code: 'A', name: 'A', optional: false, online: true },
    { code: 'C', name: 'C', optional: true, online: false, why_not: '须本人到场' },
  ])
  const matter = { ...item, code: 'PK-01', parts }
  const app = (chosen: string[]) => ({ ...blank(), item: 'package:PK-01', parts: chosen, form: { a: '1' } })
  const file = { hash: 'h', name: 'x.jpg', size: 1, type: 'image/jpeg' }
  it('asks first which parts are needed, where there is a choice', () => {
    expect(stepsOf(matter, 'village', 1, new Set(), app([]))[0].kind).toBe('parts')
    expect(stepsOf({ ...matter, parts: [parts[0], parts[2]] }, 'county', 0, new Set(), app([]))[0].kind).toBe('form')
  })
  it('is for what is always part of it, and what was chosen and can be done from home', () => {
    expect(wantedOf(parts, [])).toEqual(['A'])
    expect(wantedOf(parts, ['C', 'B'])).toEqual(['A', 'B'])
  })
  it('hands the package in with its items, and nothing that it does not ask for any more', () => {
    const s = packageSubmissionOf({ ...app(['B']), applying: ['乙', '丙'], files: { 甲: [file], 乙: [file], 丙: [file] } }, matter)
    expect(s).toMatchObject({ package: 'PK-01', version: 3, items: ['A', 'B'], applying: ['乙'], form: [{ key: 'a', value: '1' }] })
    expect(s.materials.map((m) => m.name)).toEqual(['甲', '乙'])
    expect(s).not.toHaveProperty('item')
  })
  it('leads from a part that cannot be had to where it was chosen', () => {
    const fault = { path: 'items[1]', zh: '', en: '', code: 'unknown' } as Schemas['Fault']
    expect(stepOfFault(stepsOf(matter, 'county', 1, new Set(), app([])), fault)).toBe(0)
  })
})
