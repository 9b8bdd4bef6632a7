import { beforeEach, describe, expect, it } from 'vitest'
import { csv, keepView, recallView } from './table'

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
