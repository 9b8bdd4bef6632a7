import type { Schemas } from '../api'
import { bytes, continues, included, open, type Checkpoint } from './merkle'

type Evidence = Schemas['CaseEvidence']

/** What was found of a case's evidence, each checked here and not believed. */
export interface Verdict {
  signed: boolean
  /** Of each record, whether it stands in the ledger. */
  records: boolean[]
  /** Whether the ledger only grew since the checkpoint seen before; undefined where none was. */
  grown?: boolean
  checkpoint?: Checkpoint
}

/** Checks a case's evidence against the county's keys and what this browser saw before. */
export function verify(e: Evidence, seen: Checkpoint | undefined): Verdict {
  const checkpoint = open(e.note, e.keys)
  if (!checkpoint) return { signed: false, records: e.records.map(() => false) }
  const root = bytes(checkpoint.root)
  const records = e.records.map((r) => included(r.index, checkpoint.size, bytes(r.leaf), r.hashes.map(bytes), root))
  const before = seen && seen.ledger === checkpoint.ledger ? seen : undefined
  const grown = before && continues(before.size, bytes(before.root), checkpoint.size, root, (e.consistency ?? []).map(bytes))
  return { signed: true, records, grown, checkpoint }
}

/** Whether nothing speaks against it. */
export function holds(v: Verdict): boolean {
  return v.signed && v.records.length > 0 && v.records.every(Boolean) && v.grown !== false
}

const key = 'ledger-seen'

/** The newest checkpoint that this browser has checked. */
export function seenBefore(): Checkpoint | undefined {
  const text = localStorage.getItem(key)
  return text ? (JSON.parse(text) as Checkpoint) : undefined
}

export function remember(c: Checkpoint): void {
  localStorage.setItem(key, JSON.stringify(c))
}
