// What the browser keeps of personal data, it keeps sealed: in IndexedDB, each
// record under a key that is bound to one login. A stolen disk or the next
// person at a shared desk has nothing of it.
//
// The cipher is XChaCha20-Poly1305 in script. Not the browser's own: it has none
// for a desk that reaches its node over plain http.
import { xchacha20poly1305 } from '@noble/ciphers/chacha'
import { hmac } from '@noble/hashes/hmac'
import { scryptAsync } from '@noble/hashes/scrypt'
import { sha256 } from '@noble/hashes/sha2'
import { bytesToHex, concatBytes, utf8ToBytes } from '@noble/hashes/utils'

/** One record, opened. `at` is when it was put, Unix milliseconds. */
export interface Opened<T> {
  id: string
  value: T
  /** A file that belongs to it; empty when there is none. */
  bytes: Uint8Array
  at: number
}

/** The sealed records of one login. A record has a kind, such as "draft", and an id. */
export interface Sealed {
  /** Keeps a record in the place of the one before. It is on the disk when the promise is kept. */
  put(kind: string, id: string, value: unknown, bytes?: Uint8Array): Promise<void>
  /** The record, or undefined; one that this key does not open is as good as none. */
  get<T>(kind: string, id: string): Promise<Opened<T> | undefined>
  /** All records of a kind, the oldest first. */
  list<T>(kind: string): Promise<Opened<T>[]>
  remove(kind: string, id: string): Promise<void>
}

interface Lock {
  name: string
  salt: Uint8Array
  box: Uint8Array
}

interface Row {
  name: string
  who: string
  kind: string
  at: number
  box: Uint8Array
}

/**
 * Opens the records of a login with the key that its node gives it (GET
 * /api/v1/session/browser-key). The first time makes the place for them; when
 * the node has another key than then, so does what was sealed before with no
 * password beside it: it is forgotten.
 */
export async function unlockWithKey(who: string, key: Uint8Array): Promise<Sealed> {
  const db = await open()
  let data = await unlock(db, who, 'key', async () => key)
  if (!data) {
    data = random(32)
    await clear(db, who)
    await lock(db, who, 'key', key, random(16), data)
  }
  return sealed(db, who, data)
}

/**
 * Lets the records also be opened by the password, for a device that is used out
 * of reach of its node. Whoever has the device can then try passwords at it, each
 * try costing them what a login here does; so only such a device does it.
 */
export async function alsoByPassword(who: string, key: Uint8Array, password: string): Promise<void> {
  const db = await open()
  const data = await unlock(db, who, 'key', async () => key)
  if (!data) throw new Error('sealed: nothing is open for this login')
  const salt = random(16)
  await lock(db, who, 'password', await stretch(who, password, salt), salt, data)
}

/** Opens the records by password; undefined when it is wrong or was never set. */
export async function unlockWithPassword(who: string, password: string): Promise<Sealed | undefined> {
  const db = await open()
  const data = await unlock(db, who, 'password', (salt) => stretch(who, password, salt))
  return data && sealed(db, who, data)
}

/** Removes everything of a login from this browser. */
export async function forgetAll(who: string): Promise<void> {
  await clear(await open(), who)
}

function sealed(db: IDBDatabase, who: string, data: Uint8Array): Sealed {
  const box = subkey(data, 'records')
  const names = subkey(data, 'names')
  // The name of a record tells nobody what it is about.
  const nameOf = (kind: string, id: string) => bytesToHex(hmac(sha256, names, utf8ToBytes(`${who}\0${kind}\0${id}`)))
  const opened = <T>(row: Row | undefined): Opened<T> | undefined => {
    const plain = row && unseal(box, row.box, row.name)
    if (!row || !plain) return undefined
    const head = new DataView(plain.buffer, plain.byteOffset).getUint32(0)
    const { id, value } = JSON.parse(new TextDecoder().decode(plain.subarray(4, 4 + head))) as { id: string; value: T }
    return { id, value, bytes: plain.slice(4 + head), at: row.at }
  }
  return {
    async put(kind, id, value, bytes = new Uint8Array()) {
      const name = nameOf(kind, id)
      const text = utf8ToBytes(JSON.stringify({ id, value }))
      const head = new Uint8Array(4)
      new DataView(head.buffer).setUint32(0, text.length)
      const row: Row = { name, who, kind, at: later(), box: seal(box, concatBytes(head, text, bytes), name) }
      await write(db, 'records', (s) => s.put(row))
    },
    async get<T>(kind: string, id: string) {
      return opened<T>(await read<Row | undefined>(db, 'records', (s) => s.get(nameOf(kind, id))))
    },
    async list<T>(kind: string) {
      const rows = await read<Row[]>(db, 'records', (s) => s.index('who').getAll([who, kind]))
      return rows.sort((a, b) => a.at - b.at).map((r) => opened<T>(r)).filter((r): r is Opened<T> => !!r)
    },
    remove: (kind, id) => write(db, 'records', (s) => s.delete(nameOf(kind, id))),
  }
}

async function unlock(db: IDBDatabase, who: string, how: string, key: (salt: Uint8Array) => Promise<Uint8Array>): Promise<Uint8Array | undefined> {
  const found = await read<Lock | undefined>(db, 'locks', (s) => s.get(`${who}/${how}`))
  return found && unseal(subkey(await key(found.salt), 'lock'), found.box, found.name)
}

async function lock(db: IDBDatabase, who: string, how: string, key: Uint8Array, salt: Uint8Array, data: Uint8Array): Promise<void> {
  const name = `${who}/${how}`
  await write(db, 'locks', (s) => s.put({ name, salt, box: seal(subkey(key, 'lock'), data, name) }))
}

const stretch = (who: string, password: string, salt: Uint8Array) =>
  scryptAsync(password.normalize('NFKC'), concatBytes(utf8ToBytes(`tongban\0${who}\0`), salt), { N: 2 ** 15, r: 8, p: 1, dkLen: 32 })

const subkey = (key: Uint8Array, use: string) => hmac(sha256, key, utf8ToBytes('tongban sealed ' + use))

let last = 0

/** Now, in ms, and after each time it told before: what was put later stays later, also within a millisecond. */
const later = () => (last = Math.max(Date.now(), last + 1))

const nonceSize = 24

function seal(key: Uint8Array, plain: Uint8Array, name: string): Uint8Array {
  const nonce = random(nonceSize)
  return concatBytes(nonce, xchacha20poly1305(key, nonce, utf8ToBytes(name)).encrypt(plain))
}

function unseal(key: Uint8Array, box: Uint8Array, name: string): Uint8Array | undefined {
  try {
    return xchacha20poly1305(key, box.subarray(0, nonceSize), utf8ToBytes(name)).decrypt(box.subarray(nonceSize))
  } catch {
    return undefined
  }
}

const random = (n: number) => crypto.getRandomValues(new Uint8Array(n))

let opening: Promise<IDBDatabase> | undefined

function open(): Promise<IDBDatabase> {
  opening ??= new Promise<IDBDatabase>((done, fail) => {
    const r = indexedDB.open('tongban-sealed', 1)
    r.onupgradeneeded = () => {
      r.result.createObjectStore('locks', { keyPath: 'name' })
      r.result.createObjectStore('records', { keyPath: 'name' }).createIndex('who', ['who', 'kind'])
    }
    r.onsuccess = () => done(r.result)
    r.onerror = () => fail(r.error)
  }).catch((e) => {
    opening = undefined
    throw e
  })
  return opening
}

function read<T>(db: IDBDatabase, store: string, ask: (s: IDBObjectStore) => IDBRequest): Promise<T> {
  return new Promise((done, fail) => {
    const r = ask(db.transaction(store).objectStore(store))
    r.onsuccess = () => done(r.result as T)
    r.onerror = () => fail(r.error)
  })
}

function write(db: IDBDatabase, store: string, change: (s: IDBObjectStore) => unknown): Promise<void> {
  return new Promise((done, fail) => {
    // strict: on the disk, not only in its cache, when it is said to be kept.
    const t = db.transaction(store, 'readwrite', { durability: 'strict' })
    change(t.objectStore(store))
    t.oncomplete = () => done()
    t.onerror = t.onabort = () => fail(t.error)
  })
}

async function clear(db: IDBDatabase, who: string): Promise<void> {
  const mine = IDBKeyRange.bound([who], [who, []])
  const names = await read<string[]>(db, 'records', (s) => s.index('who').getAllKeys(mine))
  await write(db, 'records', (s) => names.forEach((n) => s.delete(n)))
  await write(db, 'locks', (s) => s.delete(IDBKeyRange.bound(`${who}/`, `${who}/\uffff`)))
}
