import { expect, it } from 'vitest'
import { removed } from './removed'

it('brings back what was taken out last, where it was, once', () => {
  const r = removed<string>()
  expect(r.back(['a'])).toEqual(['a'])
  let list = r.without(['a', 'b', 'c'], 'b')
  expect([list, r.last.value]).toEqual([['a', 'c'], 'b'])
  list = r.back(list)
  expect([list, r.last.value, r.back(list)]).toEqual([['a', 'b', 'c'], undefined, ['a', 'b', 'c']])
  // What is not in the list is not taken out of it; a list that grew shorter meanwhile takes it at its end.
  expect([r.without(['a'], 'x'), r.last.value]).toEqual([['a'], undefined])
  r.without(['a', 'b', 'c'], 'c')
  expect(r.back([])).toEqual(['c'])
})
