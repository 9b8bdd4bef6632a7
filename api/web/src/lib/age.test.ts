import { expect, it } from 'vitest'
import { age } from './age'

it.each([
  [-500, 0, 'seconds'],
  [59_999, 59, 'seconds'],
  [60_000, 1, 'minutes'],
  [3_599_999, 59, 'minutes'],
  [3_600_000, 1, 'hours'],
  [86_400_000 * 3 + 1, 3, 'days'],
])('%i ms are %i %s', (ms, n, unit) => expect(age(ms)).toEqual({ n, unit }))
