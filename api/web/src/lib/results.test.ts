import { describe, expect, it } from 'vitest'
import type { Schemas } from '../api'
import { doable, emptyFill, grounds, openProposal, resultAction } from './results'

const result = (state: string) => ({ id: '1', name: '许可证', from: '2026-11-01', state, state_zh: '' }) as unknown as Schemas['CaseResult']
const all = (proposals: unknown[], actions: Schemas['ResultActionKind'][]) => ({ proposals, actions, results: [] }) as unknown as Schemas['CaseResults']

describe('what becomes of a result', () => {
  it('is proposed with what its measure needs, and nothing else', () => {
    const f = { ...emptyFill(), reason: ' 笔误 ', name: '许可证', number: 'JY-2', before: '2026-12-08' }
    expect(resultAction('propose', '1', f)).toEqual({ kind: 'propose', result: '1', measure: 'correct', ground: 'clerical', reason: '笔误', replacement: { name: '许可证', number: 'JY-2' } })
    expect(resultAction('propose', '1', { ...f, measure: 'revoke', ground: 'deceit' })).toEqual({ kind: 'propose', result: '1', measure: 'revoke', ground: 'deceit', reason: '笔误', before: '2026-12-08' })
    expect(resultAction('propose', '1', { ...f, measure: 'cancel', ground: 'wish' })).toEqual({ kind: 'propose', result: '1', measure: 'cancel', ground: 'wish', reason: '笔误' })
  })
  it('is heard, decided and made out again', () => {
    expect(resultAction('state', 'p', { ...emptyFill(), text: '不同意' })).toEqual({ kind: 'state', proposal: 'p', text: '不同意' })
    const statement = { hash: 'h', name: 'a.png', size: 1, type: 'image/png' }
    expect(resultAction('state', 'p', { ...emptyFill(), text: '放弃', waived: true, proof: [statement] })).toEqual({ kind: 'state', proposal: 'p', text: '放弃', waived: true, proof: [statement] })
    expect(resultAction('decide', 'p', { ...emptyFill(), agreed: 'no', reason: '证据不足' })).toEqual({ kind: 'decide', proposal: 'p', agreed: false, reasons: '证据不足' })
    expect(resultAction('reissue', '1', { ...emptyFill(), number: 'JY-3', reason: '遗失' })).toEqual({ kind: 'reissue', result: '1', number: 'JY-3', reason: '遗失' })
  })
  it('has grounds in law of its own for each measure', () => {
    expect(grounds.revoke).not.toContain('clerical')
    expect(new Set([...grounds.correct, ...grounds.revoke, ...grounds.cancel]).size).toBe(12)
  })
  it('is one thing at a time, and only for what holds', () => {
    expect(doable(result('valid'), all([], ['propose', 'reissue']))).toEqual(['propose', 'reissue'])
    expect(doable(result('expired'), all([], ['propose', 'reissue']))).toEqual(['propose'])
    expect(doable(result('revoked'), all([], ['propose', 'reissue']))).toEqual([])
    const open = all([{ id: 'a', decision: { agreed: true } }, { id: 'b' }], ['propose', 'decide'])
    expect(openProposal(open)?.id).toBe('b')
    expect(doable(result('valid'), open)).toEqual([])
  })
})
