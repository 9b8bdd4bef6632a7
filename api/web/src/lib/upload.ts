import { sha256 } from '@noble/hashes/sha2'
import { api, ask, Failure, type Problem, type Schemas } from '../api'
import { askMine } from '../api/mine'

const piece = 512 * 1024

/** A file that is being handed in, and how far it has come. */
export interface Upload {
  name: string
  size: number
  sent: number
  state: 'reading' | 'sending' | 'done' | 'failed'
  hash: string
  type: string
  failure?: Failure
}

let most: Promise<number> | undefined

/** The largest file that this node takes, in bytes; as large as any while it cannot be asked, for the door refuses as well. */
export function largest(): Promise<number> {
  most ??= ask(() => api.GET('/api/v1/node')).then((n) => n.papers.attachment_bytes)
  return most.catch(() => {
    most = undefined
    return Number.MAX_SAFE_INTEGER
  })
}

/** What is said of a file that is larger than a node takes, before a byte of it is sent. */
export function tooLarge(size: number, limit: number): Problem {
  const mb = (bytes: number) => `${Math.ceil((bytes / (1 << 20)) * 10) / 10} MB`
  return {
    type: 'about:blank',
    title: 'too large',
    status: 413,
    code: 'too_large',
    detail: `the file has ${mb(size)}, more than the ${mb(limit)} that are allowed; make it smaller or split it`,
    message_zh: `附件为 ${mb(size)}，超过 ${mb(limit)} 的上限，请压缩或拆分后再上传`,
    next: '请压缩或拆分后再上传',
    next_en: 'make it smaller or split it',
    request_id: '',
  }
}

/** The SHA-256 in hex. Not the browser's own: over plain http it has none. */
export async function digest(file: Blob): Promise<string> {
  const hash = sha256.create()
  for (let at = 0; at < file.size; at += piece) hash.update(new Uint8Array(await file.slice(at, at + piece).arrayBuffer()))
  return Array.from(hash.digest(), (b) => b.toString(16).padStart(2, '0')).join('')
}

/** Where the pieces of a file go: staff and applicants have doors of their own. */
export interface Door {
  begin(hash: string, size: number): Promise<Schemas['AttachmentState']>
  append(hash: string, at: number, piece: Blob): Promise<Schemas['AttachmentState']>
}

const asStream = { bodySerializer: (b: unknown) => b as Blob, headers: { 'Content-Type': 'application/octet-stream' } }

const staffDoor: Door = {
  begin: (hash, size) => ask(() => api.POST('/api/v1/attachments', { body: { hash, size } })),
  append: (hash, at, piece) => ask(() => api.PATCH('/api/v1/attachments/{hash}', { params: { path: { hash }, header: { 'Upload-Offset': at } }, body: piece as unknown as string, ...asStream })),
}

/** The door of somebody who applies from home. */
export const mineDoor: Door = {
  begin: (hash, size) => askMine(() => api.POST('/api/v1/my/attachments', { body: { hash, size } })),
  append: (hash, at, piece) => askMine(() => api.PATCH('/api/v1/my/attachments/{hash}', { params: { path: { hash }, header: { 'Upload-Offset': at } }, body: piece as unknown as string, ...asStream })),
}

/**
 * Sends a file in pieces, from where an earlier try stopped. `told` is called
 * whenever more of it is durably at the node.
 */
export async function send(file: File, told: (u: Upload) => void, door: Door = staffDoor): Promise<Upload> {
  const u: Upload = { name: file.name, size: file.size, sent: 0, state: 'reading', hash: '', type: file.type }
  const tell = (change: Partial<Upload>) => told(Object.assign(u, change))
  tell({})
  try {
    const limit = await largest()
    if (file.size > limit) throw new Failure(tooLarge(file.size, limit))
    const hash = await digest(file)
    let state = await door.begin(hash, file.size)
    tell({ hash, state: 'sending', sent: state.offset })
    while (!state.complete) {
      state = await door.append(hash, state.offset, file.slice(state.offset, state.offset + piece))
      tell({ sent: state.offset })
    }
    tell({ state: 'done', sent: file.size, type: state.type ?? file.type })
  } catch (e) {
    if (!(e instanceof Failure)) throw e
    tell({ state: 'failed', failure: e })
  }
  return u
}
