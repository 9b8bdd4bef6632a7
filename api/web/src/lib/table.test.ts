// @vitest-environment happy-dom
import { beforeEach, describe, expect, it } from 'vitest'
import { csv, everyPage, keepView, recallView } from './table'

describe('the view of a table', () => {
  beforeEach(() => localStorage.clear())
  it('is as it was left, and the usual one where what is kept is none', () => {
    expect(recallView()).toEqual({ left: [], dense: false })
    keepView({ left: ['word', 'due'], dense: true })
    expect(recallView()).toEqual({ left: ['due', 'word'], dense: true })
    for (const bad of ['{', '{"left":["number","x"],"dense":1}', 'null']) {
      localStorage.setItem('case-table', bad)
      expect(recallView()).toEqual({ left: [], dense: false })
    }
  })
})

it('a table as a file keeps commas and quotes, and computes nothing', () => {
  expect(csv([['a', 'b,"c"'], ['=1+1', '-2']])).toBe('\ufeff"a","b,""c"""\r\n"\'=1+1","\'-2"\r\n')
})

describe('all rows of a list', () => {
  const pages: Record<string, { rows: number[]; next?: string }> = { '': { rows: [1, 2], next: 'b' }, b: { rows: [], next: 'c' }, c: { rows: [3] }, loop: { rows: [4], next: 'loop' } }
  it('are read page by page, with how many there are', async () => {
    const told: number[] = []
    expect(await everyPage(async (c) => pages[c], (n) => told.push(n), () => false)).toEqual([1, 2, 3])
    expect(told).toEqual([2, 2, 3])
    expect(await everyPage(async (c) => pages[c || 'loop'], () => {}, () => false)).toEqual([4, 4])
  })
  it('are none when it was stopped or a page cannot be had', async () => {
    let asked = 0
    const stopped = () => asked > 1
    expect(await everyPage(async (c) => (asked++, pages[c]), () => {}, stopped)).toBeUndefined()
    expect(asked).toBe(2)
    await expect(everyPage(() => Promise.reject(new Error('out of reach')), () => {}, () => false)).rejects.toThrow('out of reach')
  })
})
