import { describe, expect, it } from 'vitest'
import type { Schemas } from '../api'
import { actionOf, forward, ordered, pointsOf, toWeigh, underWay, type Fill } from './act'

const item = { materials: [{ name: '身份证', form: '原件', copies: 1, required: true, source: '', shareable: false }], form: [{ key: 'bank', label: '开户行', type: 'string', required: true }] } as unknown as Schemas['Item']
const fill: Fill = { text: 'x', granted: 'no', toStep: 1, authority: '', recipient: '甲', method: 'direct', proof: [], document: '决定书', documentNumber: '', validUntil: '', before: '', points: pointsOf(item, ['bank'], () => '补'), complete: false, supplements: [], tolerated: { 身份证: '', 户口簿: '2026-12-01' }, deemed: false, procedure: '检验', officers: '', ground: 'competence', until: '2026-12-01', on: '2026-12-01', days: 5, cause: 'withdrawn', returned: true, materials: [], answers: { bank: ' 农商行 ', other: ' ' }, more: { matter: ' 采矿许可 ', before: '2026-12-09', parties: '甲\n\n 乙 ', held: 'yes', summary: '到场', closed: '' } }
const found = { head: 'h' }

describe('an action', () => {
  it('puts the next lawful step first', () => expect(ordered(['comment', 'reject', 'accept', 'request_supplement'])).toEqual(['accept', 'request_supplement', 'reject', 'comment']))
  it('has one primary button for what brings a case on, and none for what does not', () => {
    expect(['accept', 'decide', 'supplement', 'comment'].map((k) => forward(k as 'accept', 'accepted'))).toEqual([true, true, false, false])
    expect(forward('supplement', 'supplementing')).toBe(true)
  })
  it('has only what belongs to its kind', () => {
    expect(actionOf('decide', fill, found)).toEqual({ kind: 'decide', expected_head: 'h', opinion: 'x', granted: false })
    expect(actionOf('deliver', fill, found)).toEqual({ kind: 'deliver', expected_head: 'h', recipient: '甲', method: 'direct' })
    const scan = { hash: 'h', name: 'a.jpg', size: 1, type: 'image/jpeg' }
    expect(actionOf('deliver', { ...fill, relation: '配偶', proof: [scan] }, found)).toMatchObject({ relation: '配偶', proof: [scan] })
    expect(actionOf('deliver', { ...fill, method: 'left', witness: '乙', relation: '配偶' }, found)).toEqual({ kind: 'deliver', expected_head: 'h', recipient: '甲', method: 'left', witness: '乙', reason: 'x' })
    expect(actionOf('deliver', { ...fill, method: 'notice', since: '2026-12-01' }, found)).toMatchObject({ since: '2026-12-01', reason: 'x' })
    expect(actionOf('deliver', { ...fill, method: 'electronic', proof: [scan] }, found)).toEqual({ kind: 'deliver', expected_head: 'h', recipient: '甲', method: 'electronic', consent: [scan] })
    expect(actionOf('issue', { ...fill, free: '首次申领免费' }, found)).toEqual({ kind: 'issue', expected_head: 'h', documents: [{ name: '决定书' }], free: '首次申领免费' })
    expect(actionOf('comment', fill, found)).toEqual({ kind: 'comment', text: 'x' })
    expect(actionOf('supplement', fill, found)).toEqual({ kind: 'supplement', form: [{ key: 'bank', value: '农商行' }], note: 'x' })
    expect(actionOf('finding', { ...fill, complete: true }, found)).toEqual({ kind: 'finding', expected_head: 'h', complete: true })
  })
  it('tells everything that lacks in one notice, and why it is told again', () => {
    expect(actionOf('request_supplement', fill, found)).toEqual({ kind: 'request_supplement', expected_head: 'h', points: [{ field: 'bank', problem: 'missing', how: '补' }] })
    expect(actionOf('request_supplement', fill, { ...found, notice: { points: [] } })).toMatchObject({ again: 'x' })
  })
  it('asks for a hearing what a hearing needs', () => {
    expect(actionOf('tell_hearing', fill, found)).toEqual({ kind: 'tell_hearing', expected_head: 'h', matter: '采矿许可', before: '2026-12-09', parties: ['甲', '乙'] })
    expect(actionOf('record_hearing', { ...fill, proof: [{ hash: 'f'.repeat(64), name: 'a', size: 1, type: 'image/png' }] }, found)).toMatchObject({ held: true, summary: '到场', record: [{ name: 'a' }] })
    const signed = [{ hash: 'f'.repeat(64), name: 'a', size: 1, type: 'image/png' }]
    expect(actionOf('ask_hearing', { ...fill, proof: signed, more: { party: '王芳', waived: 'yes' } }, found)).toMatchObject({ party: '王芳', waived: true, proof: signed })
    expect(actionOf('ask_hearing', { ...fill, proof: signed, more: { party: '王芳', waived: '' } }, found)).not.toHaveProperty('proof')
  })
  it('tells of a refusal with its reasons, and records what somebody says of the last that was told', () => {
    const told = { ...found, intents: [{ entry: 'i1', reason: 'x', told_on: '2026-11-20', before: '2026-11-25' }, { entry: 'i2', reason: 'y', told_on: '2026-11-21', before: '2026-11-26' }] }
    const scan = { hash: 'h', name: 'a.jpg', size: 1, type: 'image/jpeg' }
    const said = { ...fill, proof: [scan], more: { party: ' 王芳 ', text: '面积已扩大', interested: '', waived: '' } }
    expect(actionOf('tell_refusal', { ...fill, more: { reason: '面积不足', before: '2026-12-01', parties: '' } }, found)).toEqual({ kind: 'tell_refusal', expected_head: 'h', reason: '面积不足', before: '2026-12-01' })
    expect(actionOf('state', said, told)).toEqual({ kind: 'state', party: '王芳', text: '面积已扩大', interested: false, waived: false, proposal: 'i2', proof: [scan] })
    expect(actionOf('state', { ...said, proof: [] }, found)).toEqual({ kind: 'state', party: '王芳', text: '面积已扩大', interested: false, waived: false })
    expect(actionOf('decide', { ...fill, more: { weighed: ' 不予采纳 ' } }, found)).toMatchObject({ granted: false, weighed: '不予采纳' })
  })
  it('weighs what the applicant said in a refusal, and what others said in a grant too', () => {
    const said = (party: string, more: object) => ({ entry: party, at_ms: 1, party, text: 'x', online: false, ...more }) as Schemas['CaseStatement']
    const all = [said('甲', {}), said('乙', { interested: true }), said('丙', { waived: true })]
    expect(toWeigh(all, false).map((s) => s.party)).toEqual(['甲', '乙'])
    expect(toWeigh(all, true).map((s) => s.party)).toEqual(['乙'])
    expect(toWeigh(undefined, false)).toEqual([])
  })
  it('ends the procedures that are under way, and no hearing', () => {
    expect(underWay(undefined)).toEqual([])
    expect(underWay([{ procedure: '检验', end: '2026-11-20' }, { procedure: '检验' }, { procedure: '听证' }, { procedure: '公示' }])).toEqual(['检验', '公示'])
  })
  it('lets a minor paper come later only with a day for it', () => expect(actionOf('accept', fill, found)).toMatchObject({ tolerated: [{ material: '户口簿', before: '2026-12-01' }] }))
})
