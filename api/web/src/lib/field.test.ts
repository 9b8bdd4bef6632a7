import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { Problem, Schemas } from '../api'
import type { Opened, Sealed } from './sealed'

const posts: { key: string; body: unknown }[] = []
let answers: Array<() => unknown> = []
vi.mock('../api', async () => {
  class Failure extends Error {
    constructor(readonly problem: Problem) {
      super(problem.code)
    }
  }
  return {
    Failure,
    api: { POST: (_: string, o: { params: { header: Record<string, string> }; body: unknown }) => posts.push({ key: o.params.header['Idempotency-Key'], body: o.body }) },
    ask: async (request: () => unknown) => {
      request()
      return answers.shift()?.()
    },
  }
})
const sent: string[] = []
vi.mock('./upload', () => ({ send: async (f: File) => (sent.push(f.name), { state: 'done' }) }))

const { Failure } = await import('../api')
const { fieldCases, fieldSubmission, handIn, keepCase, keepPaper, missingIn, removeCase } = await import('./field')
type FieldCase = Awaited<ReturnType<typeof fieldCases>>[number]

// memory is a Sealed that seals nothing.
function memory(): Sealed {
  const rows = new Map<string, Opened<unknown> & { kind: string }>()
  return {
    async put(kind, id, value, bytes = new Uint8Array()) {
      rows.set(kind + id, { kind, id, value: JSON.parse(JSON.stringify(value)), bytes, at: 1 })
    },
    async get<T>(kind: string, id: string) {
      return rows.get(kind + id) as Opened<T> | undefined
    },
    async list<T>(kind: string) {
      return [...rows.values()].filter((r) => r.kind === kind) as Opened<T>[]
    },
    async remove(kind, id) {
      rows.delete(kind + id)
    },
  }
}

const item = {
  code: 'TB-1',
  form: [
    { key: 'applicant_name', label: '姓名', type: 'string', required: true },
    { key: 'id_number', label: '证件号', type: 'id_number', required: true },
    { key: 'bank', label: '账号', type: 'string', required: true },
  ],
  materials: [{ name: '申请表', required: true, form: '原件', copies: 1, source: '' }],
} as unknown as Schemas['Item']
const ref = { hash: 'h1', name: 'a.jpg', size: 3, type: 'image/jpeg' }
const taken = (): FieldCase => ({
  key: 'k1', item: 'TB-1', itemName: '事项', version: 2, state: 'queued', lacking: false, at: 5,
  draft: { item: 'TB-1', version: 2, division: '330523110220', applicant: { type: 'person', name: '甲乙', id_number: '1' }, form: { bank: '62' }, brought: { 申请表: 'original' }, files: { 申请表: [ref] }, applying: [], key: 'k1', savedAt: 0 },
})
const failure = (status: number) => () => {
  throw new Failure({ status, code: 'x', type: '', title: '', detail: '', message_zh: '', next: '', request_id: '' } as Problem)
}

describe('what was taken in out of reach', () => {
  beforeEach(() => {
    posts.length = sent.length = 0
    answers = []
  })
  it('is handed in under its own key, papers first, and leaves nothing personal behind', async () => {
    const sealed = memory()
    await keepPaper(sealed, ref, new Uint8Array([1, 2, 3]))
    await keepCase(sealed, taken())
    answers = [() => ({ case: { number: 'n1', id: 'i1' } })]
    const after = await handIn(sealed, taken(), item)
    expect([after.state, after.number, posts[0].key, sent]).toEqual(['handed_in', 'n1', 'k1', ['a.jpg']])
    expect(JSON.stringify(await fieldCases(sealed))).not.toContain('甲乙')
    expect(await sealed.get('field-paper', 'h1')).toBeUndefined()
  })
  it('stays as it is when the node is not reached, and keeps its key', async () => {
    const sealed = memory()
    await keepPaper(sealed, ref, new Uint8Array([1]))
    await keepCase(sealed, taken())
    for (const status of [0, 401, 429, 503]) {
      answers = [failure(status)]
      await expect(handIn(sealed, taken(), item)).rejects.toThrow()
    }
    expect(new Set(posts.map((p) => p.key))).toEqual(new Set(['k1']))
    expect((await fieldCases(sealed))[0].state).toBe('queued')
    expect(await sealed.get('field-paper', 'h1')).toBeDefined()
  })
  it('is kept with the reason when it is refused', async () => {
    const sealed = memory()
    answers = [failure(422)]
    const after = await handIn(sealed, taken(), item)
    expect([after.state, after.problem?.status, after.draft.applicant.name]).toEqual(['refused', 422, '甲乙'])
  })
  it('says what is missing', () => {
    expect(missingIn(taken(), item)).toEqual([])
    const c = taken()
    c.draft.applicant.id_number = ''
    c.draft.form.bank = ' '
    c.draft.files = {}
    c.draft.brought = {}
    expect(missingIn(c, item)).toEqual(['证件号', '账号', '申请表'])
  })
  it('answers in the form what its head asked', () => {
    expect(fieldSubmission(taken(), item).form).toEqual([
      { key: 'applicant_name', value: '甲乙' },
      { key: 'id_number', value: '1' },
      { key: 'bank', value: '62' },
    ])
  })
  it('takes its papers along when it is removed, but for those of another case', async () => {
    const sealed = memory()
    await keepPaper(sealed, ref, new Uint8Array([1]))
    const other = { ...taken(), key: 'k2' }
    await keepCase(sealed, taken())
    await keepCase(sealed, other)
    await removeCase(sealed, taken())
    expect(await sealed.get('field-paper', 'h1')).toBeDefined()
    await removeCase(sealed, other)
    expect(await sealed.get('field-paper', 'h1')).toBeUndefined()
  })
})
