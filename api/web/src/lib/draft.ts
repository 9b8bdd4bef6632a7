import type { Schemas } from '../api'

/** What somebody has filled in for an item and not handed in yet. */
export interface Draft {
  item: string
  version: number
  division: string
  applicant: Schemas['Applicant']
  form: Record<string, string>
  brought: Record<string, 'original' | 'copy' | 'both' | 'electronic' | 'none'>
  files: Record<string, Schemas['AttachmentRef'][]>
  applying: string[]
  key: string
  savedAt: number
}

/**
 * Drafts live in the tab's own storage of this login: personal data does not
 * stay on a shared machine when the browser is closed, and survives a reload.
 */
export function keep(staff: string, draft: Draft): void {
  sessionStorage.setItem(name(staff, draft.item), JSON.stringify({ ...draft, savedAt: Date.now() }))
}

/** The draft of an item, if there is one. */
export function recall(staff: string, item: string): Draft | undefined {
  const text = sessionStorage.getItem(name(staff, item))
  if (!text) return undefined
  try {
    return JSON.parse(text) as Draft
  } catch {
    return undefined
  }
}

/** Forgets a draft that was handed in or given up. */
export function forget(staff: string, item: string): void {
  sessionStorage.removeItem(name(staff, item))
}

function name(staff: string, item: string): string {
  return `draft/${staff}/${item}`
}

/** The materials of a draft as a submission names them. */
export function materialsOf(draft: Draft, asked: Schemas['Item']['materials']): Schemas['SubmittedMaterial'][] {
  const out: Schemas['SubmittedMaterial'][] = []
  for (const m of asked) {
    const files = draft.files[m.name] ?? []
    const brought = draft.brought[m.name] ?? 'none'
    const add = (form: 'original' | 'copy' | 'electronic', attachments: Schemas['AttachmentRef'][]) =>
      out.push({ name: m.name, form, copies: form === 'electronic' ? 0 : Math.max(m.copies, 1), attachments })
    if (brought === 'original' || brought === 'both') add('original', files)
    if (brought === 'copy') add('copy', files)
    if (brought === 'both') add('copy', [])
    if (brought === 'electronic' || (brought === 'none' && files.length > 0)) add('electronic', files)
  }
  return out
}
