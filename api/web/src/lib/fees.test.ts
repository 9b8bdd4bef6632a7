import { expect, it } from 'vitest'
import type { Schemas } from '../api'
import { chargedLines, feeSteps, stands } from './fees'

const charge = (over: Partial<Schemas['FeeCharge']>): Schemas['FeeCharge'] =>
  ({ id: 'e', at_ms: 1, by: { staff: 's', name: '王芳', role: 'department_window', node: 'n' }, lines: [{ rate: '住宅', quantity: 1, amount: 8000 }], total: 8000, state: 'outstanding', ...over }) as Schemas['FeeCharge']
const all: Schemas['FeeActionKind'][] = ['charge', 'pay', 'waive', 'refund', 'cancel']

it('a charge is cancelled only while nothing of it was paid or waived', () => {
  expect(feeSteps(charge({}), all)).toEqual(['pay', 'waive', 'cancel'])
  expect(feeSteps(charge({ waived: 100 }), all)).toEqual(['pay', 'waive'])
  expect(feeSteps(charge({ state: 'paid', paid: 8000 }), all)).toEqual(['refund'])
  expect(feeSteps(charge({ state: 'cancelled' }), all)).toEqual([])
  expect(feeSteps(charge({}), ['pay'])).toEqual(['pay'])
})

it('what was cancelled, waived or paid back is not charged already', () => {
  const gone = [charge({ state: 'cancelled' }), charge({ state: 'waived', waived: 8000 }), charge({ state: 'refunded', paid: 8000, returned: 8000 })]
  expect(gone.map(stands)).toEqual([false, false, false])
  expect(chargedLines(gone)).toEqual([])
  expect(chargedLines([...gone, charge({ state: 'paid', paid: 8000, lines: [{ rate: '非住宅', quantity: 2, amount: 110000 }] })]).map((l) => l.rate)).toEqual(['非住宅'])
  expect(chargedLines([charge({ state: 'refunded', paid: 8000, returned: 1 })])).toHaveLength(1)
})
