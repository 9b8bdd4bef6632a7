import { describe, expect, it } from 'vitest'
import { holds, verify } from './evidence'
import golden from './merkle.golden.json' // made by the Go packages that the nodes use (tlog, note)
import { base64, bytes, continues, included, leafHash, open } from './merkle'

const size = golden.roots.length
const root = bytes(golden.roots[size - 1])
const hashes = (list: string[]) => list.map(bytes)

describe('the ledger, checked in a browser', () => {
  it('hashes a record as the nodes do', () => expect(base64(leafHash(new TextEncoder().encode('record 1')))).toBe(golden.leaves[0]))
  it('finds every record at its place and at no other', () => {
    for (let i = 1; i <= size; i++) {
      expect(included(i, size, bytes(golden.leaves[i - 1]), hashes(golden.records[i - 1]), root)).toBe(true)
      for (let j = 1; j <= size; j++) if (j !== i) expect(included(j, size, bytes(golden.leaves[i - 1]), hashes(golden.records[i - 1]), root)).toBe(false)
    }
    expect(included(0, size, bytes(golden.leaves[0]), hashes(golden.records[0]), root)).toBe(false)
    expect(included(1, size, bytes(golden.leaves[1]), hashes(golden.records[0]), root)).toBe(false)
    expect(included(1, size, bytes(golden.leaves[0]), hashes(golden.records[0]).slice(1), root)).toBe(false)
  })
  it('knows a ledger that only grew from one that was rewritten', () => {
    for (let n = 1; n <= size; n++) {
      expect(continues(n, bytes(golden.roots[n - 1]), size, root, hashes(golden.trees[n - 1]))).toBe(true)
      expect(continues(n, bytes(golden.leaves[n - 1]).reverse(), size, root, hashes(golden.trees[n - 1]))).toBe(false)
    }
    expect(continues(size + 1, root, size, root, [])).toBe(false)
  })
  it('takes the word of the county and of nobody else', () => {
    expect(open(golden.note, [golden.key])).toEqual({ ledger: 'example.test/ledger', size, root: golden.roots[size - 1], at: 1795449600000 })
    expect(open(golden.note.replace('\n13\n', '\n14\n'), [golden.key])).toBeUndefined()
    expect(open(golden.note, [golden.key.replace('example', 'another')])).toBeUndefined()
    expect(open(golden.note, ['nonsense'])).toBeUndefined()
    expect(open('', [golden.key])).toBeUndefined()
  })
  it('holds a case only by all of it', () => {
    const evidence = {
      case: 'c', number: 'n', size, root: golden.roots[size - 1], at: 1, note: golden.note, keys: [golden.key], pending: 0, consistency: golden.trees[4],
      records: [3, 9].map((i) => ({ index: i, entry: `e${i}`, kind: 'case.submit', what: '', occurred_at: 1, leaf: golden.leaves[i - 1], hashes: golden.records[i - 1] })),
    }
    const seen = { ledger: 'example.test/ledger', size: 5, root: golden.roots[4], at: 1 }
    expect(verify(evidence, undefined)).toMatchObject({ signed: true, records: [true, true], grown: undefined })
    expect(holds(verify(evidence, seen))).toBe(true)
    expect(holds(verify(evidence, { ...seen, root: golden.roots[5] }))).toBe(false)
    expect(holds(verify({ ...evidence, keys: [] }, seen))).toBe(false)
    expect(holds(verify({ ...evidence, records: [] }, seen))).toBe(false)
    expect(holds(verify({ ...evidence, records: [{ ...evidence.records[0], leaf: golden.leaves[0] }] }, seen))).toBe(false)
    expect(verify(evidence, { ...seen, ledger: 'elsewhere' }).grown).toBeUndefined()
  })
})
