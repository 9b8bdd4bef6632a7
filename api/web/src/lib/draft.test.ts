import 'fake-indexeddb/auto'
import { describe, expect, it } from 'vitest'
import { agentOf, alsoOf, begun, DraftKeeper, drafts, dropDraft, maskedApplicant, materialsOf, placeOf, putDraft, type Draft } from './draft'
import { unlockWithKey } from './sealed'

const file = { hash: 'a'.repeat(64), name: 'a.png', size: 1, type: 'image/png' }
const asked = ['one', 'two', 'three', 'four'].map((name) => ({ name, form: '原件', copies: 2, required: true, source: '', shareable: false }))
const draft: Draft = {
  item: 'X',
  version: 1,
  division: '',
  applicant: { type: 'person', name: '' },
  form: {},
  brought: { one: 'both', two: 'copy', four: 'none' },
  files: { one: [file], three: [file] },
  applying: [],
  key: 'k',
  savedAt: 0,
}

describe('drafts', () => {
  it('names materials as they were brought', () => {
    expect(materialsOf(draft, asked).map((m) => `${m.name} ${m.form} ${m.copies} ${m.attachments?.length}`)).toEqual([
      'one original 2 1',
      'one copy 2 0',
      'two copy 2 0',
      'three electronic 2 1',
    ])
  })
  it('name an agent only where there is one', () => {
    expect(agentOf({})).toEqual({})
    expect(agentOf({ agent: { name: '丁', id_number: '33059919850412005X', phone: '', authority: '授权委托书', seen: true } }).agent).toMatchObject({ seen: true })
    expect(agentOf({ agent: { name: ' 丁 ', id_number: '33059919850412005X', phone: '', authority: '授权委托书' } })).toEqual({ agent: { name: '丁', id_number: '33059919850412005X', authority: '授权委托书' } })
  })
  it('are kept for one person and one item', async () => {
    const mine = await unlockWithKey('s', new Uint8Array(32).fill(1))
    const keeper = new DraftKeeper(mine, 'X')
    // Typed faster than the disk writes: the last word stands.
    for (const name of ['甲', '甲乙', '甲乙丙']) keeper.keep({ ...draft, applicant: { type: 'person', name } })
    await keeper.settled()
    expect((await new DraftKeeper(mine, 'X').recall())?.applicant.name).toBe('甲乙丙')
    expect((await drafts(mine)).map((d) => [d.id, d.draft.item])).toEqual([['X', 'X']])
    expect(await new DraftKeeper(mine, 'Y').recall()).toBeUndefined()
    const other = await unlockWithKey('t', new Uint8Array(32).fill(2))
    expect(await new DraftKeeper(other, 'X').recall()).toBeUndefined()
    keeper.keep({ ...draft, key: 'later', form: { a: 'b' } })
    await keeper.forget()
    expect(await keeper.recall()).toBeUndefined()
  })
  it('say when they cannot be kept', async () => {
    const full = { put: () => Promise.reject(new Error('quota')), get: async () => undefined, list: async () => [], remove: async () => {} }
    const told: boolean[] = []
    const keeper = new DraftKeeper(full, 'X', (kept) => told.push(kept))
    keeper.keep({ ...draft, form: { a: 'b' } })
    await keeper.settled()
    expect(told).toEqual([false])
  })
  it('are one for each applicant, and nothing where nothing was written', async () => {
    const mine = await unlockWithKey('r', new Uint8Array(32).fill(3))
    const of = (name: string, id_number: string): Draft => ({ ...draft, brought: {}, files: {}, applicant: { type: 'person', name, id_number } })
    const [one, two, empty] = ['1', '2', '3'].map((id) => new DraftKeeper(mine, id))
    one.keep(of('甲', '33059919850412005X'))
    two.keep(of('乙', '330599195303020198'))
    empty.keep(of(' ', ''))
    for (const k of [one, two, empty]) await k.settled()
    const all = await drafts(mine, 'X')
    expect(all.map((d) => d.draft.applicant.name)).toEqual(['乙', '甲'])
    expect(await drafts(mine, 'Y')).toEqual([])
    // A third form, when the number is whole, is known to be the second's.
    expect(alsoOf(of('', '33059919530302019'), 'new', all)).toBeUndefined()
    expect(alsoOf(of('', '330599195303020198'), 'new', all)?.id).toBe('2')
    expect(alsoOf(of('', '330599195303020198'), '2', all)).toBeUndefined()
    await dropDraft(mine, all[0])
    expect((await drafts(mine)).map((d) => d.id)).toEqual(['1'])
    await putDraft(mine, all[0])
    expect(await two.recall()).toMatchObject({ applicant: { name: '乙' } })
    // What was emptied again is no draft any more.
    two.keep(of('', ''))
    await two.settled()
    expect((await drafts(mine)).map((d) => d.id)).toEqual(['1'])
  })
  it('are shown without what names anybody, and opened without it in an address', () => {
    const masked = (name: string, id_number: string, type: 'person' | 'organisation' = 'person') => Object.values(maskedApplicant({ type, name, id_number })).join(' ')
    expect(masked('甲乙丙', '33059919850412005x')).toBe('甲** 330599********005X')
    expect(masked('甲乙', '3305')).toBe('甲* ****')
    expect(masked('甲', '')).toBe('* ')
    expect(masked('某公司', '91330523MA2B0ABC1D', 'organisation')).toBe('某公司 91330523MA2B0ABC1D')
    expect(placeOf({ id: 'q', draft: { ...draft, item: 'package:PK-01' } })).toEqual({ name: 'new-joint', params: { code: 'PK-01' }, state: { draft: 'q' } })
    expect(placeOf({ id: 'q', draft })).toEqual({ name: 'new', params: { code: 'X' }, state: { draft: 'q' } })
    expect([begun({ ...draft, brought: { one: 'none' }, files: { one: [] } }), begun({ ...draft, brought: {}, files: { one: [file] } })]).toEqual([false, true])
  })
})
