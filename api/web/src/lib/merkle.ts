// The county's ledger as a Merkle tree (RFC 6962), checked where it is looked
// at: the same hashing as the nodes', in a browser. Sizes stay below 2^53.
import { ed25519 } from '@noble/curves/ed25519'
import { sha256 } from '@noble/hashes/sha2'

type Hash = Uint8Array

/** A checkpoint: so many records, and they hash to this, says the county. */
export interface Checkpoint {
  ledger: string
  size: number
  root: string
  at: number
}

export function bytes(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))
}

export function base64(b: Uint8Array): string {
  return btoa(String.fromCharCode(...b))
}

export function nodeHash(left: Hash, right: Hash): Hash {
  return sha256(Uint8Array.from([1, ...left, ...right]))
}

export function leafHash(record: Uint8Array): Hash {
  return sha256(Uint8Array.from([0, ...record]))
}

// The largest power of two below n: where a tree of n leaves is divided.
function split(n: number): number {
  let k = 1
  while (k * 2 < n) k *= 2
  return k
}

function same(a: Hash, b: Hash): boolean {
  return a.length === b.length && a.every((x, i) => x === b[i])
}

/** Whether a proof leads from the leaf of a record (index from 1) to the root of a tree. */
export function included(index: number, size: number, leaf: Hash, proof: Hash[], root: Hash): boolean {
  if (index < 1 || index > size) return false
  const climb = (p: Hash[], lo: number, hi: number): Hash | undefined => {
    if (lo + 1 === hi) return p.length ? undefined : leaf
    const beside = p[p.length - 1]
    if (!beside) return undefined
    const k = split(hi - lo)
    const left = index - 1 < lo + k
    const below = left ? climb(p.slice(0, -1), lo, lo + k) : climb(p.slice(0, -1), lo + k, hi)
    return below && (left ? nodeHash(below, beside) : nodeHash(beside, below))
  }
  const found = climb(proof, 0, size)
  return !!found && same(found, root)
}

/** Whether a proof shows that the tree of the older size is the beginning of the newer one. */
export function continues(older: number, olderRoot: Hash, newer: number, newerRoot: Hash, proof: Hash[]): boolean {
  if (older === newer) return same(olderRoot, newerRoot)
  if (older < 1 || older > newer) return false
  const climb = (p: Hash[], lo: number, hi: number): [Hash, Hash] | undefined => {
    if (older === hi) {
      if (lo === 0) return p.length ? undefined : [olderRoot, olderRoot]
      return p.length === 1 ? [p[0], p[0]] : undefined
    }
    const beside = p[p.length - 1]
    if (!beside) return undefined
    const k = split(hi - lo)
    if (older <= lo + k) {
      const below = climb(p.slice(0, -1), lo, lo + k)
      return below && [below[0], nodeHash(below[1], beside)]
    }
    const below = climb(p.slice(0, -1), lo + k, hi)
    return below && [nodeHash(beside, below[0]), nodeHash(beside, below[1])]
  }
  const found = climb(proof, 0, newer)
  return !!found && same(found[0], olderRoot) && same(found[1], newerRoot)
}

/**
 * Opens a checkpoint that one of the keys signed (signed notes of C2SP, keys as
 * name+hash+key); undefined where none did.
 */
export function open(note: string, keys: string[]): Checkpoint | undefined {
  const end = note.indexOf('\n\n')
  if (end < 0) return undefined
  const text = note.slice(0, end + 1)
  const signatures = note.slice(end + 2).split('\n').filter(Boolean)
  if (!keys.some((k) => signed(text, signatures, k))) return undefined
  const [ledger, size, root, at] = text.split('\n')
  const n = Number(size)
  if (!Number.isSafeInteger(n) || !at?.startsWith('at ')) return undefined
  return { ledger, size: n, root, at: Number(at.slice(3)) }
}

function signed(text: string, signatures: string[], key: string): boolean {
  // The base64 of a key may hold a plus of its own.
  const m = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(key)
  if (!m) return false
  const [, name, , encoded] = m
  try {
    const k = bytes(encoded)
    if (k[0] !== 1 || k.length !== 33) return false // another algorithm than Ed25519
    return signatures.some((line) => {
      const s = /^\u2014 (\S+) (\S+)$/.exec(line)
      return !!s && s[1] === name && ed25519.verify(bytes(s[2]).slice(4), new TextEncoder().encode(text), k.slice(1))
    })
  } catch {
    return false // what cannot be read is no signature
  }
}
