import { expect, it } from 'vitest'
import { covered } from './answers'

it('shows the ends of numbers that name somebody, and of no other answer less than was typed', () => {
  const shown = (type: string, key: string, value: string) => covered({ type: type as 'string', key }, value)
  expect(shown('id_number', 'spouse_id', '33059919850412005x')).toBe('330599********005X')
  expect(shown('phone', 'phone', '138 0000 1234')).toBe('138****1234')
  expect(shown('string', 'bank_account', '6222 0200 0000 1234')).toBe('************1234')
  expect(shown('phone', 'phone', '1380')).toBe('****')
  expect(shown('string', 'bank_name', '农商银行梅溪支行')).toBe('农商银行梅溪支行')
  expect(shown('uscc', 'uscc', '91330523MA2B0ABC1D')).toBe('91330523MA2B0ABC1D')
})
