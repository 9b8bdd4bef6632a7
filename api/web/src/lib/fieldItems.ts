import { api, ask, type Schemas } from '../api'

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

// The first character of each initial in the order of readings.
const first = Array.from('阿八嚓搭蛾发噶哈击喀垃妈拿哦啪期然撒塌挖昔压匝')
const initial = Array.from('ABCDEFGHJKLMNOPQRSTWXYZ')
const collator = new Intl.Collator('zh-CN')

/** The first letters of the readings of a text, as far as this browser knows them. */
export function initials(text: string): string {
  return Array.from(text)
    .map((c) => {
      if (!/[\u4e00-\u9fff]/.test(c)) return c.toUpperCase()
      let at = -1
      while (at + 1 < first.length && collator.compare(first[at + 1], c) <= 0) at++
      return initial[at] ?? ''
    })
    .join('')
}

/** The items that answer to words: of the name, its initials, or the code. */
export function search(items: Schemas['ItemAtVersion'][], words: string): Schemas['ItemAtVersion'][] {
  const w = words.trim().toUpperCase()
  if (!w) return items
  return items.filter(({ item: i }) => i.name.toUpperCase().includes(w) || i.code.toUpperCase().includes(w) || initials(i.name).includes(w))
}
