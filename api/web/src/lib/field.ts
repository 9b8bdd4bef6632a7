import { api, ask, Failure, type Problem, type Schemas } from '../api'
import type { Device } from './device'
import { materialsOf, type Draft } from './draft'
import type { Sealed } from './sealed'
import { send } from './upload'

// What a worker takes in out of reach of the node, and how it is handed in once
// the node is in reach: each case under its own key, so that it happens once,
// however often it is tried and wherever it is cut off.

export type FieldState = 'draft' | 'queued' | 'handed_in' | 'refused'

/** A case on the device. */
export interface FieldCase {
  key: string
  item: string
  itemName: string
  version: number
  state: FieldState
  draft: Draft
  lacking: boolean
  at: number
  /** The number the node gave it, once handed in. */
  number?: string
  caseId?: string
  problem?: Problem
}

const cases = 'field-case'
const papers = 'field-paper'

/** Under which name what the device holds is sealed. */
export const sealedFor = (d: Device): string => `device/${d.id}`

/** All cases on the device, the newest first. */
export async function fieldCases(sealed: Sealed): Promise<FieldCase[]> {
  return (await sealed.list<FieldCase>(cases)).map((r) => r.value).sort((a, b) => b.at - a.at)
}

export async function keepCase(sealed: Sealed, c: FieldCase): Promise<void> {
  await sealed.put(cases, c.key, c)
}

/** Removes a case and the papers that no other case on the device names. */
export async function removeCase(sealed: Sealed, c: FieldCase): Promise<void> {
  await sealed.remove(cases, c.key)
  const others = new Set((await fieldCases(sealed)).flatMap(hashesOf))
  for (const hash of hashesOf(c)) if (!others.has(hash)) await sealed.remove(papers, hash)
}

const filesOf = (c: FieldCase) => Object.values(c.draft.files).flat()
const hashesOf = (c: FieldCase) => filesOf(c).map((f) => f.hash)

/** Keeps a photograph of a paper until it is handed in. */
export async function keepPaper(sealed: Sealed, ref: Schemas['AttachmentRef'], bytes: Uint8Array): Promise<void> {
  await sealed.put(papers, ref.hash, ref, bytes)
}

/** What asked in the head of the form answers in it. */
export function inHead(type: 'person' | 'organisation'): string[] {
  return type === 'person' ? ['applicant_name', 'id_number', 'phone', 'applicant_type', 'uscc'] : ['uscc', 'applicant_type', 'id_number']
}

/** A case of the device as the node takes it. */
export function fieldSubmission(c: FieldCase, item: Schemas['Item']): Schemas['Submission'] {
  const a = c.draft.applicant
  const skip = inHead(a.type)
  const head: Record<string, string> =
    a.type === 'person'
      ? { applicant_name: a.name, id_number: a.id_number ?? '', applicant_type: '自然人', phone: a.phone ?? '' }
      : { uscc: a.id_number ?? '', applicant_type: '法人或其他组织', phone: a.phone ?? '' }
  const form = item.form.map((f) => ({ key: f.key, value: ((skip.includes(f.key) ? head[f.key] : c.draft.form[f.key]) ?? '').trim() })).filter((v) => v.value !== '')
  return {
    item: c.item,
    item_version: c.version,
    division: c.draft.division,
    applicant: { type: a.type, name: a.name.trim(), ...(a.id_number ? { id_number: a.id_number } : {}), ...(a.phone ? { phone: a.phone } : {}) },
    form,
    materials: materialsOf(c.draft, item.materials),
    applying: [...c.draft.applying],
    ...(c.lacking ? { lacking: true } : {}),
  }
}

/** What is missing as far as the device can tell: answers and papers, by name. */
export function missingIn(c: FieldCase, item: Schemas['Item']): string[] {
  const a = c.draft.applicant
  const out: string[] = []
  if (!a.name.trim()) out.push(item.form.find((f) => f.key === 'applicant_name')?.label ?? '')
  if (a.type === 'person' && !a.id_number?.trim()) out.push(item.form.find((f) => f.key === 'id_number')?.label ?? '')
  const skip = inHead(a.type)
  for (const f of item.form) if (f.required && !skip.includes(f.key) && !c.draft.form[f.key]?.trim()) out.push(f.label)
  for (const m of item.materials) {
    if (!m.required && !c.draft.applying.includes(m.name)) continue
    if ((c.draft.brought[m.name] ?? 'none') === 'none' && !c.draft.files[m.name]?.length) out.push(m.name)
  }
  return out.filter((n) => n !== '')
}

/** Whether trying again later may help: the node was not reached, or was busy. */
export function tryAgain(p: Problem): boolean {
  return p.status === 0 || p.status === 401 || p.status === 429 || p.status >= 500
}

/**
 * Hands one case in: its papers first, each from where an earlier try stopped,
 * then the case under its key. Told the outcome, and throws only what a later try
 * may mend.
 */
export async function handIn(sealed: Sealed, c: FieldCase, item: Schemas['Item']): Promise<FieldCase> {
  try {
    for (const ref of filesOf(c)) {
      const kept = await sealed.get<Schemas['AttachmentRef']>(papers, ref.hash)
      if (!kept) continue // an earlier try had come as far as the case itself
      const done = await send(new File([kept.bytes as BlobPart], ref.name, { type: ref.type }), () => {})
      if (done.failure) throw done.failure
    }
    const receipt = await ask(() => api.POST('/api/v1/cases', { params: { header: { 'Idempotency-Key': c.key } }, body: fieldSubmission(c, item) }))
    const after: FieldCase = { ...c, state: 'handed_in', number: receipt.case.number, caseId: receipt.case.id, problem: undefined, draft: { ...c.draft, applicant: { type: c.draft.applicant.type, name: '' }, form: {}, files: {} } }
    // The node has it on its disk: nothing of it needs to stay on the device.
    await sealed.put(cases, c.key, after)
    const others = new Set((await fieldCases(sealed)).filter((o) => o.key !== c.key).flatMap(hashesOf))
    for (const hash of hashesOf(c)) if (!others.has(hash)) await sealed.remove(papers, hash)
    return after
  } catch (e) {
    if (!(e instanceof Failure) || tryAgain(e.problem)) throw e
    const refused: FieldCase = { ...c, state: 'refused', problem: e.problem }
    await sealed.put(cases, c.key, refused)
    return refused
  }
}
