import type { Schemas } from '../api'
import { mayChoose, type Application, type Matter, type Part } from './apply'
import { authorityPaper } from './act'

/** What an earlier case, or joint matter, says of itself when it is taken over. */
export type Before = Pick<Schemas['MyCase'], 'applicant' | 'form' | 'materials'> & Partial<Pick<Schemas['MyCase'], 'agent' | 'authority' | 'applying' | 'division' | 'acting_for' | 'for_other'>>

/** The optional parts of a package that an earlier joint matter had and that can be chosen still. */
export const partsBefore = (parts: readonly Part[], items: readonly string[]): string[] => parts.filter((p) => p.optional && mayChoose(p) && items.includes(p.code)).map((p) => p.code)

/** The answers of an earlier case that the form still asks for. */
export function answersBefore(form: readonly { key: string }[], before: readonly { key: string; value: string }[]): Record<string, string> {
  return Object.fromEntries(before.filter((v) => v.value && form.some((f) => f.key === v.key)).map((v) => [v.key, v.value]))
}

/**
 * Takes an earlier case over into an application: its answers, its papers and for whom
 * it was. Of a renewal the papers are brought anew, for they say how things are now.
 */
export function takeOver(app: Application, before: Before, matter: Matter, papers: boolean): void {
  Object.assign(app.form, answersBefore(matter.form, before.form))
  app.actingFor = before.acting_for ?? ''
  const place = String(before.division ?? '')
  app.township = place.length >= 9 ? place.slice(0, 9) : ''
  app.village = place.length === 12 ? place : ''
  if (before.for_other) {
    app.other = {
      type: before.applicant.type,
      name: before.applicant.name,
      number: before.applicant.id_number ?? '',
      phone: before.applicant.phone ?? '',
      authority: before.agent?.authority ?? authorityPaper,
      proof: papers ? [...(before.authority ?? [])] : [],
    }
  }
  if (!papers) return
  app.applying = (before.applying ?? []).filter((name) => matter.materials.some((m) => m.name === name))
  for (const m of before.materials) {
    if (m.attachments?.length && matter.materials.some((x) => x.name === m.name)) app.files[m.name] = [...m.attachments]
  }
}
