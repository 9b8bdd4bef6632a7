import { describe, expect, it } from 'vitest'
import { materialsOf } from './draft'
import { fillable, lacksConsent, offered, saved, stillGood, usable, type PaperOnFile } from './onfile'

const paper = (material: string, usable: boolean, brought = 'e-' + material): PaperOnFile => ({ material, on_file: { case: 'c', brought, material }, brought_on: '2026-11-01', valid_until: '2027-11-01', usable })

describe('papers on file', () => {
  const papers = [paper('身份证', true), paper('户口簿', false)]
  it('are used as long as they are good', () => expect(Object.keys(usable(papers))).toEqual(['身份证']))
  it('that a draft chose before are used only if they still are', () => {
    const chosen = usable([paper('身份证', true), paper('户口簿', true)])
    expect(Object.keys(stillGood(chosen, papers))).toEqual(['身份证'])
    expect(stillGood(usable([paper('身份证', true, 'older')]), papers)).toEqual({})
  })
  it('are offered to their owner, who has yet to agree', () => {
    const p = paper('身份证', false)
    expect([{ ...p, code: 'consent_missing' }, { ...p, code: 'paper_expired' }, { ...p, usable: true }].map(offered)).toEqual([true, false, true])
    expect(usable([{ ...p, code: 'consent_missing' }])).toEqual({})
  })
  it('are counted', () => expect(saved([{ name: '身份证' }, { name: '户口簿' }], usable(papers))).toEqual({ asked: 2, saved: 1 }))
  it('stand in a hand-in for what would be brought', () => {
    const files = { 身份证: [{ hash: 'a'.repeat(64), name: 'a.png', size: 1, type: 'image/png' }], 户口簿: [] }
    const out = materialsOf({ brought: { 身份证: 'original', 户口簿: 'original' }, files, onFile: usable(papers) }, [{ name: '身份证', copies: 2 }, { name: '户口簿', copies: 1 }])
    expect(out).toEqual([
      { name: '身份证', form: 'electronic', copies: 1, attachments: [], on_file: { case: 'c', brought: 'e-身份证', material: '身份证' } },
      { name: '户口簿', form: 'original', copies: 1, attachments: [] },
    ])
  })
})

describe('answers on file', () => {
  it('never take the place of what was typed', () => {
    const fields = [{ key: 'phone', label: '', value: '1' }, { key: 'address', label: '', value: '2' }, { key: 'bank', label: '', value: '' }]
    expect(fillable(fields, (k) => (k === 'phone' ? ' typed ' : ' ')).map((f) => f.key)).toEqual(['address'])
  })
})

it('knows a lack of consent from other refusals', () => {
  expect(['consent_missing', 'consent_purpose', 'forbidden', 'unreachable'].map(lacksConsent)).toEqual([true, true, false, false])
})
