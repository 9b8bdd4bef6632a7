import { describe, expect, it } from 'vitest'
import { isIDNumber, isPhone, isUSCC } from './identifier'

const today = new Date('2026-11-26T00:00:00Z')

// The vectors of the domain handbook, section 10.
describe('identifiers', () => {
  it.each([
    ['33059919850412005X', true],
    [' 33059919850412005x ', true],
    ['330599200103152464', true],
    ['330599199002290010', false],
    ['330599198504120051', false],
    ['33059919850412005', false],
    ['330599209003152460', false],
  ])('ID number %s', (text, valid) => expect(isIDNumber(text, today)).toBe(valid))
  it.each([
    ['91330599MA000TB146', true],
    ['92330599MA0TB002XF', true],
    ['5133059900TB00038P', false],
    ['9133059', false],
  ])('credit code %s', (text, valid) => expect(isUSCC(text)).toBe(valid))
  it.each([
    ['13800000000', true],
    ['12800000000', false],
    ['1380000000', false],
    ['0572-5123456', true],
  ])('phone %s', (text, valid) => expect(isPhone(text)).toBe(valid))
})
