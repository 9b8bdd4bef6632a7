import type { RouteLocationRaw } from 'vue-router'
import type { Schemas } from '../api'
import { isIDNumber, isUSCC, normalise } from './identifier'
import { namedOnFile, type OnFile } from './onfile'
import type { Sealed } from './sealed'

/** What somebody has filled in for an item and one applicant, and not handed in yet. */
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
  /** For whom it was begun: as they were when their number was first whole. */
  whose?: { name: string; id_number: string }
}

/** A draft, with the id under which it is kept. */
export interface KeptDraft {
  id: string
  draft: Draft
}

const kind = 'draft'

/**
 * Keeps what is typed for one applicant, sealed for the login, under an id that says
 * nothing of them; what nobody has written in is kept nowhere. Each change is written when the one before is on the disk, and of those that
 * came meanwhile the last: a power cut loses the last field at most.
 */
export class DraftKeeper {
  private next: Draft | undefined
  private there = false
  private busy: Promise<void> | undefined

  constructor(
    private readonly sealed: Sealed,
    readonly id: string,
    private readonly told: (kept: boolean) => void = () => {},
  ) {}

  /** The draft there is, or undefined. */
  async recall(): Promise<Draft | undefined> {
    const found = (await this.sealed.get<Draft>(kind, this.id))?.value
    this.there = !!found
    return found
  }

  keep(draft: Draft): void {
    if (!this.there && !begun(draft)) return
    this.there = true
    this.next = { ...draft, savedAt: Date.now() }
    this.busy ??= this.write().finally(() => (this.busy = undefined))
  }

  /** Forgets a draft that was handed in or given up. */
  async forget(): Promise<void> {
    this.next = undefined
    this.there = false
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

/** The drafts of a login, of one item where it is given, the latest first. */
export async function drafts(sealed: Sealed, item?: string): Promise<KeptDraft[]> {
  const all = (await sealed.list<Draft>(kind)).map((d) => ({ id: d.id, draft: d.value })).filter((d) => begun(d.draft)).reverse()
  return item === undefined ? all : all.filter((d) => d.draft.item === item)
}

/** Removes a draft; it can be put back as it was. */
export const dropDraft = (sealed: Sealed, { id }: KeptDraft) => sealed.remove(kind, id)
export const putDraft = (sealed: Sealed, { id, draft }: KeptDraft) => sealed.put(kind, id, draft)

/** Whether anything was written in it that would be missed. */
export function begun(d: Draft): boolean {
  const a = d.applicant
  return [a.name, a.id_number, a.phone, ...Object.values(d.form)].some((v) => v?.trim()) || Object.values(d.brought).some((b) => b !== 'none') || Object.values(d.files).some((f) => f.length > 0) || d.applying.length > 0 || !!d.agent
}

/** Whose it is, when their number is whole. */
export function whoseIs(d: Draft): string {
  const n = normalise(d.applicant.id_number ?? '')
  return (d.applicant.type === 'person' ? isIDNumber(n, new Date()) : isUSCC(n)) ? n : ''
}

/** Another draft for the same applicant. */
export function alsoOf(d: Draft, id: string, all: KeptDraft[]): KeptDraft | undefined {
  const who = whoseIs(d)
  return who ? all.find((o) => o.id !== id && whoseIs(o.draft) === who) : undefined
}

/** Who it is for, as a list shows them inside the hall: the first character, and of a number six and four. */
export function maskedApplicant(a: Draft['applicant']): { name: string; number: string } {
  const [name, n] = [a.name.trim(), normalise(a.id_number ?? '')]
  if (a.type !== 'person') return { name, number: n }
  const chars = Array.from(name)
  const stars = chars.length <= 1 ? '' : chars.length === 2 ? '*' : '**'
  return { name: chars.length === 1 ? '*' : (chars[0] ?? '') + stars, number: n.length === 18 ? n.slice(0, 6) + '********' + n.slice(14) : n && '****' }
}

/** The page on which a draft is gone on with. Which one it is stands in no address. */
export function placeOf({ id, draft }: KeptDraft): RouteLocationRaw {
  const joint = /^package:(.*)$/.exec(draft.item)
  return { name: joint ? 'new-joint' : 'new', params: { code: joint ? joint[1] : draft.item }, state: { draft: id } }
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
