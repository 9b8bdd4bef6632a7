import { api, ask, type Schemas } from '../api'
import { findRead } from './pinyin'

// The items and their forms, kept for when the node is out of reach. They are
// public, and lie in the browser's cache as they are.

type Kept = { at: number; edition: number; items: Schemas['ItemAtVersion'][] }

const cache = 'tongban-items'
const address = '/field-items'
const together = 6

/** What is kept; undefined when nothing was. */
export async function keptItems(): Promise<Kept | undefined> {
  if (typeof caches === 'undefined') return undefined
  const found = await (await caches.open(cache)).match(address)
  return found ? ((await found.json()) as Kept) : undefined
}

/** Fetches every item that is taken in at this tier, and tells how far it is. */
export async function fetchItems(tier: Schemas['Tier'], edition: number, told: (done: number, all: number) => void): Promise<Kept> {
  const codes: string[] = []
  for (let cursor = ''; ; ) {
    const list = await ask(() => api.GET('/api/v1/items', { params: { query: { limit: 100, tier, ...(cursor ? { cursor } : {}) } } }))
    codes.push(...list.items.map((i) => i.code))
    cursor = list.next_cursor ?? ''
    if (!cursor) break
  }
  const items: Schemas['ItemAtVersion'][] = []
  for (let at = 0; at < codes.length; at += together) {
    items.push(...(await Promise.all(codes.slice(at, at + together).map((code) => ask(() => api.GET('/api/v1/items/{code}', { params: { path: { code } } }))))))
    told(items.length, codes.length)
  }
  const kept = { at: Date.now(), edition, items }
  await (await caches.open(cache)).put(address, new Response(JSON.stringify(kept), { headers: { 'Content-Type': 'application/json' } }))
  return kept
}

export async function forgetItems(): Promise<void> {
  if (typeof caches !== 'undefined') await caches.delete(cache)
}

/** The items that answer to every word: by the name, how it is read, or the code. */
export function search(items: Schemas['ItemAtVersion'][], words: string): Schemas['ItemAtVersion'][] {
  const all = words.normalize('NFKC').toLowerCase().split(/\s+/).filter(Boolean)
  const answers = (i: Schemas['Item'], w: string) => i.name.normalize('NFKC').toLowerCase().includes(w) || i.code.toLowerCase().includes(w) || (/^[a-z0-9]+$/.test(w) && findRead(i.name, w) >= 0)
  return items.filter(({ item }) => all.every((w) => answers(item, w)))
}
