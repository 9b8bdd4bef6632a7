import type { Schemas } from '../api'

type Charge = Schemas['FeeCharge']
type Kind = Schemas['FeeActionKind']

/** Owed or paid: neither cancelled nor waived or paid back as a whole. */
export const stands = (c: Charge) => c.state === 'outstanding' || c.state === 'paid' || (c.state === 'refunded' && (c.returned ?? 0) < (c.paid ?? 0))

/** What can be done about a charge, of what the reader may do. */
export function feeSteps(c: Charge, may: Kind[]): Kind[] {
  return may.filter((k) => {
    if (k === 'refund') return (c.paid ?? 0) > (c.returned ?? 0)
    if (k === 'cancel') return c.state === 'outstanding' && !c.waived
    return k !== 'charge' && c.state === 'outstanding'
  })
}

/** The lines that were charged in a case already, beside which another is charged only when it is meant. */
export const chargedLines = (charges: Charge[]) => charges.filter(stands).flatMap((c) => c.lines)
