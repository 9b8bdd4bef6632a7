import type { Schemas } from '../api'
import type { Matter } from './apply'

type Point = Schemas['SupplementPoint']
type Field = Matter['form'][number]

/** What is to be put right: each paper and each answer once, with everything that was said of it. */
export interface ToBring {
  papers: { name: string; how: string[] }[]
  fields: { field: Field; how: string[] }[]
}

/**
 * What a notice names, of which several departments may have asked for the same;
 * without a notice, any paper of what was applied for may be brought. An answer that
 * the form does not ask for any more is still asked for, as a text.
 */
export function toBring(points: readonly Point[], shape: Pick<Matter, 'form' | 'materials'>): ToBring {
  if (!points.length) return { papers: shape.materials.map((m) => ({ name: m.name, how: [] })), fields: [] }
  const said = (of: (p: Point) => string | undefined) => {
    const by = new Map<string, string[]>()
    for (const p of points) {
      const name = of(p)
      if (!name) continue
      const how = by.get(name) ?? []
      if (!how.includes(p.how)) how.push(p.how)
      by.set(name, how)
    }
    return [...by]
  }
  return {
    papers: said((p) => p.material).map(([name, how]) => ({ name, how })),
    fields: said((p) => p.field).map(([key, how]) => ({ field: shape.form.find((f) => f.key === key) ?? { key, label: key, type: 'string', required: true }, how })),
  }
}

/** What was brought, as the county takes it: nothing of what was left empty. */
export function broughtOf(files: Record<string, Schemas['AttachmentRef'][]>, form: Record<string, string>, note: string): Pick<Schemas['MyJointAction'], 'materials' | 'form' | 'note'> {
  return {
    materials: Object.entries(files).filter(([, f]) => f.length).map(([name, attachments]) => ({ name, form: 'electronic' as const, copies: 1, attachments })),
    form: Object.entries(form).filter(([, v]) => v.trim()).map(([key, value]) => ({ key, value: value.trim() })),
    ...(note.trim() ? { note: note.trim() } : {}),
  }
}

/** When what a point asks for was brought last; undefined while it was not. */
export function broughtAt(point: Point, supplements: readonly Schemas['CaseSupplement'][]): number | undefined {
  const of = supplements.filter((s) => (point.material ? s.materials?.some((m) => m.name === point.material) : s.form?.some((v) => v.key === point.field)))
  return of.length ? Math.max(...of.map((s) => s.at)) : undefined
}

/** As broughtAt, of what came after it was asked for. */
export const broughtSince = (point: Point, supplements: readonly Schemas['CaseSupplement'][], told: number): number | undefined => broughtAt(point, supplements.filter((s) => s.at >= told))

/** Whether everything that was asked for has come. */
export const settles = (points: readonly { came?: number }[]): boolean => points.length > 0 && points.every((p) => p.came)
