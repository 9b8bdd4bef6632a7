import type { Schemas } from '../api'

export type Kind = Schemas['CaseActionKind']
export type Point = { name: string; field: boolean; label: string; problem: 'missing' | 'wrong' | 'unclear'; how: string; on: boolean }

/** What somebody fills in for an action, whichever it is. */
export interface Fill {
  text: string
  granted: 'yes' | 'no'
  toStep: number
  authority: string
  recipient: string
  relation?: string
  witness?: string
  since?: string
  method: NonNullable<Schemas['CaseAction']['method']>
  proof: Schemas['AttachmentRef'][]
  document: string
  /** Why an item that charges costs nothing this time. */
  free?: string
  documentNumber: string
  validUntil: string
  before: string
  points: Point[]
  complete: boolean
  supplements: string[]
  tolerated: Record<string, string>
  deemed: boolean
  procedure: string
  /** Names of who looks at the place, a line each or with commas. */
  officers: string
  ground: NonNullable<Schemas['CaseAction']['ground']>
  until: string
  on: string
  days: number
  cause: NonNullable<Schemas['CaseAction']['cause']>
  returned: boolean
  materials: Schemas['SubmittedMaterial'][]
  answers: Record<string, string>
  /** What only one kind of action asks for, by the name it has there. */
  more: Record<string, string>
}

/** A question of one kind of action alone. */
export interface Asked {
  key: string
  type: 'text' | 'long' | 'date' | 'time' | 'yes' | 'lines'
  required?: boolean
  /** How it is asked where that differs from other kinds. */
  as?: string
}

/** The questions of the kinds that have but such: corrections, hearings, intended refusals. */
export const asked: Partial<Record<Kind, Asked[]>> = {
  correct: [{ key: 'name', type: 'text', required: true }, { key: 'id_number', type: 'text', required: true }, { key: 'shown', type: 'text', required: true }, { key: 'reason', type: 'long', required: true }],
  tell_hearing: [{ key: 'matter', type: 'long', required: true }, { key: 'before', type: 'date', required: true }, { key: 'parties', type: 'lines' }],
  ask_hearing: [{ key: 'party', type: 'text', required: true }, { key: 'interested', type: 'yes' }, { key: 'waived', type: 'yes' }],
  convene_hearing: [{ key: 'on', type: 'date', required: true }, { key: 'time', type: 'time', required: true }, { key: 'place', type: 'text', required: true }, { key: 'presider', type: 'text', required: true }, { key: 'closed', type: 'yes' }],
  record_hearing: [{ key: 'held', type: 'yes' }, { key: 'summary', type: 'long', required: true }],
  tell_refusal: [{ key: 'reason', type: 'long', required: true, as: 'intended' }, { key: 'before', type: 'date', required: true, as: 'heardBefore' }, { key: 'parties', type: 'lines' }],
  state: [{ key: 'party', type: 'text', required: true }, { key: 'interested', type: 'yes' }, { key: 'text', type: 'long', required: true, as: 'stated' }, { key: 'waived', type: 'yes', as: 'silent' }],
}

// The answers as the node takes them; what was left empty is left out.
function more(questions: Asked[], answers: Record<string, string>): Partial<Schemas['CaseAction']> {
  const out: Record<string, unknown> = {}
  for (const q of questions) {
    const v = (answers[q.key] ?? '').trim()
    if (q.type === 'yes') out[q.key] = v === 'yes'
    else if (q.type === 'lines' && v) out[q.key] = v.split('\n').map((x) => x.trim()).filter(Boolean)
    else if (v) out[q.key] = v
  }
  return out
}

// The next lawful step comes first and is the one primary button.
const order: Kind[] = ['accept', 'finding', 'relay', 'review', 'decide', 'issue', 'deliver', 'request_supplement', 'supplement', 'resume', 'suspend', 'extend', 'tell_hearing', 'ask_hearing', 'convene_hearing', 'record_hearing', 'tell_refusal', 'state', 'return', 'reject', 'correct', 'withdraw', 'terminate', 'comment']

// What brings a case on; the rest is done where something is in the way.
const onward: readonly Kind[] = ['accept', 'finding', 'relay', 'review', 'decide', 'issue', 'deliver']

/** Whether an action is the case's next lawful step, and so the one primary button. */
export const forward = (k: Kind, status: Schemas['CaseStatus']) => onward.includes(k) || (k === 'supplement' && status === 'supplementing')

/** The actions there are, the next step first. */
export function ordered(kinds: Kind[]): Kind[] {
  return order.filter((k) => kinds.includes(k))
}

/** How the proof that an agent may act is called where it is asked for and brought. */
export const authorityPaper = '代办人授权凭证'

/** What was said before a decision and has to be weighed in it: all of it in a refusal, what others said in a grant too. */
export function toWeigh(statements: Schemas['CaseStatement'][] | undefined, granted: boolean): Schemas['CaseStatement'][] {
  return (statements ?? []).filter((s) => !s.waived && (!granted || s.interested))
}

/** The papers that a case may ask for: the item's, and of an agent the proof that they may act. */
export function papersOf(item: Schemas['Item'] | undefined, agent?: unknown): Schemas['Item']['materials'] {
  const own = item?.materials ?? []
  return agent ? [...own, { name: authorityPaper, form: '原件', copies: 1, required: true, source: '', shareable: false }] : own
}

/** Everything of the item that a notice may be about, what lacks being ticked. */
export function pointsOf(item: Pick<Schemas['Item'], 'materials' | 'form'> | undefined, lacks: string[], how: (field: boolean) => string): Point[] {
  if (!item) return []
  const point = (name: string, label: string, field: boolean): Point => ({ name, label, field, problem: 'missing', how: how(field), on: lacks.includes(name) })
  return [...item.materials.map((m) => point(m.name, m.name, false)), ...item.form.map((f) => point(f.key, f.label, true))]
}

/** What proves a delivery, by its way: a consent is no signed receipt. */
function proven(f: Fill): Partial<Schemas['CaseAction']> {
  const scans = f.proof.length ? (f.method === 'electronic' ? { consent: f.proof } : { proof: f.proof }) : {}
  switch (f.method) {
    case 'direct':
      return { ...scans, ...(f.relation ? { relation: f.relation } : {}) }
    case 'left':
      return { ...scans, reason: f.text, ...(f.witness ? { witness: f.witness } : {}) }
    case 'notice':
      return { ...scans, reason: f.text, ...(f.since ? { since: f.since } : {}) }
    default:
      return scans
  }
}

/** The special procedures that are under way, whose result is told by ending them: a hearing's is its record. */
export function underWay(suspensions: { procedure?: string; end?: string }[] | undefined): string[] {
  return [...new Set((suspensions ?? []).filter((s) => !s.end && s.procedure && s.procedure !== '听证').map((s) => s.procedure!))]
}

/** The procedure of a visit to the place, which takes two officers or more. */
export const visit = '现场勘验'

/** The names in a text: a line each, or with commas between them. */
export function names(text: string): string[] {
  return [...new Set(text.split(/[\n,，、;；]/).map((x) => x.trim()).filter(Boolean))]
}

export function told(points: Point[]): Schemas['SupplementPoint'][] {
  return points.filter((p) => p.on).map((p) => ({ ...(p.field ? { field: p.name } : { material: p.name }), problem: p.problem, how: p.how }))
}

/** The action as the node takes it: only what belongs to its kind. */
export function actionOf(kind: Kind, f: Fill, found: Pick<Schemas['Case'], 'head' | 'notice' | 'intents'> & { withdrawal_asked?: boolean }): Schemas['CaseAction'] {
  const common = { kind, expected_head: found.head }
  const supplements = f.supplements.length ? { supplements: f.supplements } : {}
  const late = Object.entries(f.tolerated).filter(([, before]) => before)
  const tolerated = late.length ? { tolerated: late.map(([material, before]) => ({ material, before })) } : {}
  const questions = asked[kind]
  if (kind === 'state') {
    // It answers what was told last, and needs no head: it stands beside the case.
    const told = found.intents?.[found.intents.length - 1]?.entry
    return { kind, ...more(questions!, f.more), ...(told ? { proposal: told } : {}), ...(f.proof.length ? { proof: f.proof } : {}) }
  }
  if (questions) return { ...common, ...more(questions, f.more), ...(kind === 'record_hearing' && f.proof.length ? { record: f.proof } : {}), ...(kind === 'ask_hearing' && f.more.waived === 'yes' && f.proof.length ? { proof: f.proof } : {}) }
  switch (kind) {
    case 'accept':
      return { ...common, note: f.text, ...supplements, ...tolerated, ...(f.deemed ? { deemed: true } : {}) }
    case 'finding':
      return f.complete ? { ...common, complete: true } : { ...common, points: told(f.points) }
    case 'reject':
      return { ...common, ground: f.ground, reason: f.text, ...(f.ground === 'competence' && f.authority ? { authority: f.authority } : {}) }
    case 'relay':
    case 'review':
      return { ...common, opinion: f.text }
    case 'return':
      return { ...common, reason: f.text, to_step: f.toStep }
    case 'decide':
      return { ...common, opinion: f.text, granted: f.granted === 'yes', ...(f.more.weighed?.trim() ? { weighed: f.more.weighed.trim() } : {}) }
    case 'issue':
      return { ...common, documents: [{ name: f.document, ...(f.documentNumber ? { number: f.documentNumber } : {}), ...(f.validUntil ? { valid_until: f.validUntil } : {}) }], ...(f.free ? { free: f.free } : {}) }
    case 'deliver':
      return { ...common, recipient: f.recipient, method: f.method, ...proven(f) }
    case 'request_supplement':
      return { ...common, points: told(f.points), ...(f.before ? { before: f.before } : {}), ...(found.notice ? { again: f.text } : {}), ...supplements }
    case 'supplement': {
      const form = Object.entries(f.answers).filter(([, v]) => v.trim()).map(([key, value]) => ({ key, value: value.trim() }))
      return { kind, ...(f.materials.length ? { materials: f.materials } : {}), ...(form.length ? { form } : {}), ...(f.text ? { note: f.text } : {}) }
    }
    case 'withdraw':
      // Recorded again it is taken back: one cannot withdraw twice.
      return { kind, reason: f.text, ...(found.withdrawal_asked ? { take_back: true } : {}) }
    case 'terminate':
      return { ...common, cause: f.cause, reason: f.text, papers_returned: f.returned }
    case 'suspend':
      return { ...common, procedure: f.procedure, until: f.until, reason: f.text, ...(names(f.officers).length ? { officers: names(f.officers) } : {}) }
    case 'resume':
      return { ...common, procedure: f.procedure, on: f.on, result: f.text }
    case 'extend':
      return { ...common, days: f.days, reason: f.text }
    default:
      return { kind: 'comment', text: f.text }
  }
}
