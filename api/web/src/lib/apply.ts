import type { Schemas } from '../api'
import type { Renews } from './licence'
import { namedOnFile, type OnFile } from './onfile'

type Item = Schemas['Item']
type Field = Item['form'][number]
type Material = Item['materials'][number]

/** What is applied for: an item, or a package with its one form and one set of papers. */
export interface Matter {
  code: string
  name: string
  subject: Item['subject']
  form: Field[]
  materials: Material[]
  /** What has to be met, as the guide says it. */
  conditions?: Item['conditions']
  /** Of an item: what it costs and how long it takes. */
  terms?: { fee: string; instant: boolean; days: number }
  /** Of a package: the items of which it is made. */
  parts?: Part[]
}

/** An item of a package. */
export interface Part {
  code: string
  name: string
  department: string
  /** It is part of it only where somebody needs it, and when that is. */
  optional: boolean
  when: string
  /** Why one has to come in person for it; empty where one need not. */
  inPerson: string
}

/** What somebody fills in at home for an item and has not handed in yet. */
export interface Application {
  item: string
  version: number
  actingFor: string
  /** For somebody who asked one to: who they are, and the proof that they did. */
  other?: Principal
  /** Papers of earlier cases that stand for those that would be brought. */
  onFile?: Record<string, OnFile>
  township: string
  village: string
  /** Of a package: the optional items that are wanted. */
  parts?: string[]
  form: Record<string, string>
  applying: string[]
  files: Record<string, Schemas['AttachmentRef'][]>
  /** How the decision is to be served: theirs to say, and nothing until they did. */
  service?: 'electronic' | 'paper'
  key: string
  /** What was issued earlier and is to be renewed. */
  renews?: Renews
  /** An earlier case that was taken over, with the papers that were brought in it. */
  from?: string
}

/** Somebody in whose name another applies. */
export interface Principal {
  type: Schemas['ApplicantType']
  name: string
  number: string
  phone: string
  /** What the proof of authority is, and its scans. */
  authority: string
  proof: Schemas['AttachmentRef'][]
}

/** What the form is answered with that is asked in the head of an application. */
export function headOf(o: Principal): Record<string, string> {
  const head: Record<string, string> = { phone: o.phone }
  if (o.type === 'person') return { ...head, applicant_name: o.name, id_number: o.number, applicant_type: '自然人' }
  return { ...head, uscc: o.number, applicant_type: '法人或其他组织' }
}

/** Whether a principal is told well enough to go on. */
export const told = (o: Principal, valid: (number: string) => boolean): boolean => !!o.name.trim() && valid(o.number) && !!o.authority.trim() && o.proof.length > 0

/** One page of an application: one thing at a time. */
export type Step =
  | { kind: 'parts' }
  | { kind: 'who' }
  | { kind: 'other' }
  | { kind: 'place' }
  | { kind: 'form'; fields: Field[] }
  | { kind: 'applying' }
  | { kind: 'paper'; material: Material }
  | { kind: 'check' }

/** How many questions stand on one page, so that a phone shows them without scrolling far. */
export const atOnce = 4

/**
 * The pages of an application, in order. `known` are the keys of the form that
 * the account answers: they are not asked.
 */
export function stepsOf(item: Matter, needs: string, firms: number, known: Set<string>, app: Application): Step[] {
  const steps: Step[] = []
  if (item.parts?.some(mayChoose)) steps.push({ kind: 'parts' })
  if (firms > 0 || app.other) steps.push({ kind: 'who' })
  if (app.other) steps.push({ kind: 'other' })
  if (needs !== 'county') steps.push({ kind: 'place' })
  const asked = item.form.filter((f) => !known.has(f.key))
  for (let at = 0; at < asked.length; at += atOnce) steps.push({ kind: 'form', fields: asked.slice(at, at + atOnce) })
  if (item.materials.some((m) => !m.required)) steps.push({ kind: 'applying' })
  for (const material of item.materials) {
    if (material.required || app.applying.includes(material.name)) steps.push({ kind: 'paper', material })
  }
  steps.push({ kind: 'check' })
  return steps
}

/** Whether a part is the applicant's to choose: it is optional, and done from home. */
export const mayChoose = (p: Part): boolean => p.optional && !p.inPerson

/** The items of a package that are applied for: those that are always part of it, and the chosen ones. */
export const wantedOf = (parts: readonly Part[], chosen: readonly string[]): string[] => parts.filter((p) => !p.optional || (mayChoose(p) && chosen.includes(p.code))).map((p) => p.code)

/** The parts of a package, with what is known of each for who applies from home. */
export function partsOf(items: readonly Schemas['PackageItem'][], online: readonly Schemas['OnlinePackageItem'][]): Part[] {
  return items.map((i) => ({ code: i.code, name: i.name, department: i.department, optional: i.optional, when: i.when ?? '', inPerson: online.find((o) => o.code === i.code)?.why_not ?? '' }))
}

// What an application says of an item and of a package alike: papers from home are
// electronic ones, and what the form does not ask for any more is left out.
function contentsOf(app: Application, item: Matter) {
  const head = app.other ? headOf(app.other) : {}
  const form = item.form.map((f) => ({ key: f.key, value: (head[f.key] ?? app.form[f.key] ?? '').trim() })).filter((v) => v.value !== '')
  const materials = item.materials
    .filter((m) => (m.required || app.applying.includes(m.name)) && (app.files[m.name]?.length || app.onFile?.[m.name]))
    .map((m) => {
      const kept = app.onFile?.[m.name]
      return kept ? namedOnFile(m.name, kept) : { name: m.name, form: 'electronic' as const, copies: Math.max(m.copies, 1), attachments: app.files[m.name] }
    })
  const division = app.village || app.township
  return {
    form,
    materials,
    applying: app.applying.filter((name) => item.materials.some((m) => m.name === name)),
    electronic: app.service === 'electronic',
    ...(division ? { division } : {}),
    ...(app.actingFor && !app.other ? { acting_for: app.actingFor } : {}),
    ...(app.other
      ? {
          applicant: { type: app.other.type, name: app.other.name.trim(), id_number: app.other.number, ...(app.other.phone ? { phone: app.other.phone } : {}) },
          authority_name: app.other.authority.trim(),
          authority: [...app.other.proof],
        }
      : {}),
  }
}

/** An application as the county takes it. */
export const submissionOf = (app: Application, item: Matter): Schemas['MySubmission'] => ({
  item: item.code,
  item_version: app.version,
  ...contentsOf(app, item),
  ...(app.renews ? { renews: { case: app.renews.case, result: app.renews.result } } : {}),
  ...(app.from ? { papers_of: app.from } : {}),
})

/** An application for a package as the county takes it. */
export const packageSubmissionOf = (app: Application, item: Matter): Schemas['MyPackageSubmission'] => ({
  package: item.code,
  version: app.version,
  items: wantedOf(item.parts ?? [], app.parts ?? []),
  ...contentsOf(app, item),
  ...(app.from ? { papers_of: app.from } : {}),
})

/** The page on which a fault is mended; the last when it is on none. */
export function stepOfFault(steps: Step[], fault: Schemas['Fault']): number {
  const key = fault.path.replace(/^form\./, '')
  const at = steps.findIndex((s) => {
    if (s.kind === 'form') return fault.path.startsWith('form.') && s.fields.some((f) => f.key === key)
    if (s.kind === 'place') return fault.path === 'division'
    if (s.kind === 'parts') return /^items\b/.test(fault.path)
    if (s.kind === 'other') return /^(applicant|agent|authority)/.test(fault.path)
    if (s.kind === 'paper') return fault.path.startsWith('materials') && (fault.zh.includes(s.material.name) || fault.path.includes(s.material.name))
    return false
  })
  return at < 0 ? steps.length - 1 : at
}
