import { describe, expect, it } from 'vitest'
import { forget, keep, materialsOf, recall, type Draft } from './draft'

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
      'three electronic 0 1',
    ])
  })
  it('are kept for one person and one item', () => {
    keep('s', draft)
    expect(recall('s', 'X')?.form).toEqual({})
    expect(recall('t', 'X')).toBeUndefined()
    expect(recall('s', 'Y')).toBeUndefined()
    sessionStorage.setItem('draft/s/Z', '{')
    expect(recall('s', 'Z')).toBeUndefined()
    forget('s', 'X')
    expect(recall('s', 'X')).toBeUndefined()
  })
})
