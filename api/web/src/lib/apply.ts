import type { Schemas } from '../api'

type Item = Schemas['Item']
type Field = Item['form'][number]
type Material = Item['materials'][number]

/** What somebody fills in at home for an item and has not handed in yet. */
export interface Application {
  item: string
  version: number
  actingFor: string
  township: string
  village: string
  form: Record<string, string>
  applying: string[]
  files: Record<string, Schemas['AttachmentRef'][]>
  electronic: boolean
  key: string
}

/** One page of an application: one thing at a time. */
export type Step =
  | { kind: 'who' }
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
export function stepsOf(item: Item, needs: string, firms: number, known: Set<string>, app: Application): Step[] {
  const steps: Step[] = []
  if (firms > 0) steps.push({ kind: 'who' })
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

/** An application as the county takes it: papers from home are electronic ones. */
export function submissionOf(app: Application, item: Item): Schemas['MySubmission'] {
  const form = item.form.map((f) => ({ key: f.key, value: (app.form[f.key] ?? '').trim() })).filter((v) => v.value !== '')
  const materials = item.materials
    .filter((m) => (m.required || app.applying.includes(m.name)) && app.files[m.name]?.length)
    .map((m) => ({ name: m.name, form: 'electronic' as const, copies: Math.max(m.copies, 1), attachments: app.files[m.name] }))
  const division = app.village || app.township
  return {
    item: item.code,
    item_version: app.version,
    form,
    materials,
    applying: [...app.applying],
    electronic: app.electronic,
    ...(division ? { division } : {}),
    ...(app.actingFor ? { acting_for: app.actingFor } : {}),
  }
}

/** The page on which a fault is mended; the last when it is on none. */
export function stepOfFault(steps: Step[], fault: Schemas['Fault']): number {
  const key = fault.path.replace(/^form\./, '')
  const at = steps.findIndex((s) => {
    if (s.kind === 'form') return fault.path.startsWith('form.') && s.fields.some((f) => f.key === key)
    if (s.kind === 'place') return fault.path === 'division'
    if (s.kind === 'paper') return fault.path.startsWith('materials') && (fault.zh.includes(s.material.name) || fault.path.includes(s.material.name))
    return false
  })
  return at < 0 ? steps.length - 1 : at
}
