import { expect, it } from 'vitest'
import { yuan } from './money'

it('amounts are read without a rounding', () => expect([0, 5, 2000, 123456, -50].map(yuan)).toEqual(['0.00', '0.05', '20.00', '1234.56', '-0.50']))
