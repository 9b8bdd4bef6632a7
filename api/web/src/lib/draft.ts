import type { Schemas } from '../api'
import { namedOnFile, type OnFile } from './onfile'
import type { Sealed } from './sealed'

/** What somebody has filled in for an item and not handed in yet. */
export interface Draft {
  /** The item's code, or package: and the code of a joint matter. */
  item: string
  title?: string
  version: number
  division: string
  applicant: Schemas['Applicant']
  form: Record<string, string>
  brought: Record<string, 'original' | 'copy' | 'both' | 'electronic' | 'none'>
  files: Record<string, Schemas['AttachmentRef'][]>
  applying: string[]
  /** Papers on file that stand for those that would be brought. */
  onFile?: Record<string, OnFile>
  /** Who hands it in for the applicant, and the scans of the proof that they may. */
  agent?: { name: string; id_number: string; phone: string; authority: string; seen?: boolean }
  proof?: Schemas['AttachmentRef'][]
  /** Of a joint matter: the items that are left out. */
  left?: string[]
  key: string
  savedAt: number
}

const kind = 'draft'

/**
 * Keeps what is typed, one draft an item (or joint matter), sealed for the login.
 * Each change is written when the one before is on the disk, and of those that
 * came meanwhile the last: a power cut loses the last field at most.
 */
export class DraftKeeper {
  private next: Draft | undefined
  private busy: Promise<void> | undefined

  constructor(
    private readonly sealed: Sealed,
    private readonly id: string,
    private readonly told: (kept: boolean) => void = () => {},
  ) {}

  /** The draft there is, or undefined. */
  async recall(): Promise<Draft | undefined> {
    return (await this.sealed.get<Draft>(kind, this.id))?.value
  }

  keep(draft: Draft): void {
    this.next = { ...draft, savedAt: Date.now() }
    this.busy ??= this.write().finally(() => (this.busy = undefined))
  }

  /** Forgets a draft that was handed in or given up. */
  async forget(): Promise<void> {
    this.next = undefined
    await this.busy
    await this.sealed.remove(kind, this.id)
  }

  /** Is kept when everything that was typed is on the disk. */
  async settled(): Promise<void> {
    await this.busy
  }

  private async write(): Promise<void> {
    while (this.next) {
      const draft = this.next
      this.next = undefined
      try {
        await this.sealed.put(kind, this.id, draft)
        this.told(true)
      } catch {
        this.told(false) // the disk is full, or the browser forbids storage: the page says so
        return
      }
    }
  }
}

/** The drafts of a login, the latest first. */
export async function drafts(sealed: Sealed): Promise<Draft[]> {
  return (await sealed.list<Draft>(kind)).map((d) => d.value).reverse()
}

/** Who hands in, as a submission names them; nothing when the applicant does. */
export function agentOf(draft: Pick<Draft, 'agent'>): { agent?: Schemas['Agent'] } {
  const a = draft.agent
  return a ? { agent: { name: a.name.trim(), id_number: a.id_number.trim(), authority: a.authority.trim(), ...(a.seen ? { seen: true } : {}), ...(a.phone.trim() ? { phone: a.phone.trim() } : {}) } } : {}
}

/** The materials of a draft as a submission names them. */
export function materialsOf(draft: Pick<Draft, 'files' | 'brought' | 'onFile'>, asked: { name: string; copies: number }[]): Schemas['SubmittedMaterial'][] {
  const out: Schemas['SubmittedMaterial'][] = []
  for (const m of asked) {
    const kept = draft.onFile?.[m.name]
    if (kept) {
      out.push(namedOnFile(m.name, kept))
      continue
    }
    const files = draft.files[m.name] ?? []
    const brought = draft.brought[m.name] ?? 'none'
    const add = (form: 'original' | 'copy' | 'electronic', attachments: Schemas['AttachmentRef'][]) =>
      out.push({ name: m.name, form, copies: Math.max(m.copies, 1), attachments })
    if (brought === 'original' || brought === 'both') add('original', files)
    if (brought === 'copy') add('copy', files)
    if (brought === 'both') add('copy', [])
    if (brought === 'electronic' || (brought === 'none' && files.length > 0)) add('electronic', files)
  }
  return out
}
