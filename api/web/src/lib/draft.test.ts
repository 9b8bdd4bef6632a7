import 'fake-indexeddb/auto'
import { describe, expect, it } from 'vitest'
import { agentOf, DraftKeeper, drafts, materialsOf, type Draft } from './draft'
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
    expect((await drafts(mine)).map((d) => d.item)).toEqual(['X'])
    expect(await new DraftKeeper(mine, 'Y').recall()).toBeUndefined()
    const other = await unlockWithKey('t', new Uint8Array(32).fill(2))
    expect(await new DraftKeeper(other, 'X').recall()).toBeUndefined()
    keeper.keep({ ...draft, key: 'later' })
    await keeper.forget()
    expect(await keeper.recall()).toBeUndefined()
  })
  it('say when they cannot be kept', async () => {
    const full = { put: () => Promise.reject(new Error('quota')), get: async () => undefined, list: async () => [], remove: async () => {} }
    const told: boolean[] = []
    const keeper = new DraftKeeper(full, 'X', (kept) => told.push(kept))
    keeper.keep(draft)
    await keeper.settled()
    expect(told).toEqual([false])
  })
})
