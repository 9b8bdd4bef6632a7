import type { Schemas } from '../api'

// What is on file of somebody and stands for papers that would be asked for again
// (一表制): which papers need not be brought, which answers need not be typed.

export type OnFile = Schemas['OnFile']
export type PaperOnFile = Schemas['PaperOnFile']

/** Papers by the material they stand for: those to be used, all that are good to begin with. */
export function usable(papers: readonly PaperOnFile[]): Record<string, OnFile> {
  return Object.fromEntries(papers.filter((p) => p.usable).map((p) => [p.material, p.on_file]))
}

/** Whether a paper would do but for the consent of its owner: then they are asked for it. */
export const offered = (p: PaperOnFile): boolean => p.usable || lacksConsent(p.code ?? '')

/** What may still be used of what was chosen: a draft may be older than a paper is good. */
export function stillGood(chosen: Record<string, OnFile>, papers: readonly PaperOnFile[]): Record<string, OnFile> {
  const good = usable(papers)
  return Object.fromEntries(Object.entries(chosen).filter(([name, f]) => good[name] && good[name].case === f.case && good[name].brought === f.brought))
}

/** The answers that fill something: what somebody typed stays. */
export function fillable(fields: readonly Schemas['PrefilledField'][], answered: (key: string) => string): Schemas['PrefilledField'][] {
  return fields.filter((f) => f.value !== '' && answered(f.key).trim() === '')
}

/** How many papers are asked for, and how many of them need not be brought. */
export function saved(asked: readonly { name: string }[], chosen: Record<string, OnFile>): { asked: number; saved: number } {
  return { asked: asked.length, saved: asked.filter((m) => chosen[m.name]).length }
}

/** Whether a refusal says that there is no consent to look: then it is asked for. */
export const lacksConsent = (code: string): boolean => ['consent_missing', 'consent_withdrawn', 'consent_expired', 'consent_purpose'].includes(code)

/** A paper on file as a hand-in names it: its files are the node's to put in. */
export function namedOnFile(name: string, f: OnFile): Schemas['SubmittedMaterial'] {
  return { name, form: 'electronic', copies: 1, attachments: [], on_file: { ...f } }
}
