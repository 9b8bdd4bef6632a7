import type { Schemas } from '../api'

type Measure = 'correct' | 'revoke' | 'cancel'
type Ground = NonNullable<Schemas['ResultAction']['ground']>

/** The grounds in law on which a measure can be taken (行政许可法 art. 69 and 70). */
export const grounds: Record<Measure, Ground[]> = {
  correct: ['clerical'],
  revoke: ['abuse', 'powers', 'procedure', 'unqualified', 'deceit'],
  cancel: ['expired', 'deceased', 'dissolved', 'revoked', 'impossible', 'wish'],
}

/** What somebody fills in about a result, whatever they do with it. */
export interface ResultFill {
  measure: Measure
  ground: Ground
  reason: string
  name: string
  number: string
  validUntil: string
  before: string
  text: string
  waived: boolean
  /** The holder's signed statement, without which a waiver is refused. */
  proof: Schemas['AttachmentRef'][]
  agreed: 'yes' | 'no'
  /** How the decision was served, on whom. */
  recipient: string
  method: NonNullable<Schemas['ResultAction']['method']>
  relation: string
  witness: string
  since: string
}

export const emptyFill = (): ResultFill => ({ measure: 'correct', ground: 'clerical', reason: '', name: '', number: '', validUntil: '', before: '', text: '', waived: false, proof: [], agreed: 'yes', recipient: '', method: 'direct', relation: '', witness: '', since: '' })

/** The action as the node takes it; `of` is the result or the proposal it is about. */
export function resultAction(kind: Schemas['ResultActionKind'], of: string, f: ResultFill): Schemas['ResultAction'] {
  switch (kind) {
    case 'propose':
      return {
        kind,
        result: of,
        measure: f.measure,
        ground: f.ground,
        reason: f.reason.trim(),
        ...(f.measure === 'correct' ? { replacement: { name: f.name.trim(), number: f.number.trim(), ...(f.validUntil ? { valid_until: f.validUntil } : {}) } } : {}),
        ...(f.measure === 'revoke' ? { before: f.before } : {}),
      }
    case 'state':
      return { kind, proposal: of, text: f.text.trim(), ...(f.waived ? { waived: true } : {}), ...(f.proof.length ? { proof: f.proof } : {}) }
    case 'decide':
      return { kind, proposal: of, agreed: f.agreed === 'yes', reasons: f.reason.trim() }
    case 'serve':
      return {
        kind,
        proposal: of,
        recipient: f.recipient.trim(),
        method: f.method,
        ...(f.method === 'direct' && f.relation.trim() ? { relation: f.relation.trim() } : {}),
        ...(f.method === 'left' ? { witness: f.witness.trim() } : {}),
        ...(f.method === 'notice' ? { since: f.since } : {}),
        ...(['left', 'notice'].includes(f.method) ? { reason: f.reason.trim() } : {}),
        ...(f.proof.length ? (f.method === 'electronic' ? { consent: f.proof } : { proof: f.proof }) : {}),
      }
    case 'reissue':
      return { kind, result: of, number: f.number.trim(), reason: f.reason.trim() }
  }
}

/** The proposal about a case's results that is not decided; there is at most one. */
export function openProposal(r: Pick<Schemas['CaseResults'], 'proposals'>): Schemas['ResultProposal'] | undefined {
  return r.proposals.find((p) => !p.decision)
}

/** What may be done with one result: only what holds can be put right, taken back or made out again, and not while something is proposed. */
export function doable(r: Schemas['CaseResult'], all: Schemas['CaseResults']): Schemas['ResultActionKind'][] {
  if (openProposal(all) || !['valid', 'expired', 'deemed_renewed'].includes(String(r.state))) return []
  return all.actions.filter((a) => a === 'propose' || (a === 'reissue' && String(r.state) === 'valid'))
}
