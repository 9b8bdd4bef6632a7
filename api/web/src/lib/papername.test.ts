import { expect, test } from 'vitest'
import { fittingName, longestName } from './papername'

const bytes = (s: string) => new TextEncoder().encode(s).length

test('a name that is too long keeps its beginning and its extension', () => {
  const long = '村民委员会同意意见'.repeat(12) + '.jpeg'
  const short = fittingName(long)
  expect(bytes(short)).toBeLessThanOrEqual(longestName)
  expect(bytes(short)).toBeGreaterThan(longestName - 4)
  expect(short.startsWith('村民委员会') && short.endsWith('….jpeg')).toBe(true)
  expect(bytes(fittingName('😀'.repeat(80)))).toBeLessThanOrEqual(longestName)
  expect(fittingName('身份证.jpg')).toBe('身份证.jpg')
  expect(fittingName('x'.repeat(longestName))).toBe('x'.repeat(longestName))
})
