import { expect, test } from 'vitest'
import { skewOf } from './skew'

test('a clock that is off is told as people say it', () => {
  expect(skewOf(undefined)).toBeUndefined()
  expect(skewOf(0)).toBeUndefined()
  expect(skewOf(150_000)).toEqual({ way: 'fast', unit: 'minutes', n: 2, rest: 30 })
  expect(skewOf(-90_500)).toEqual({ way: 'slow', unit: 'minutes', n: 1, rest: 30 })
  expect(skewOf(86_400_000)).toEqual({ way: 'fast', unit: 'hours', n: 24, rest: 0 })
})
