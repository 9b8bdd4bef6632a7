import 'fake-indexeddb/auto'
import { describe, expect, it, vi } from 'vitest'
import { alsoByPassword, forgetAll, unlockWithKey, unlockWithPassword } from './sealed'

const key = (n: number) => new Uint8Array(32).fill(n)

/** Everything that the browser has on its disk, as text. */
async function disk(): Promise<string> {
  const db = await new Promise<IDBDatabase>((done) => {
    const r = indexedDB.open('tongban-sealed')
    r.onsuccess = () => done(r.result)
  })
  const all = await new Promise<unknown[]>((done) => {
    const r = db.transaction('records').objectStore('records').getAll()
    r.onsuccess = () => done(r.result)
  })
  db.close()
  return JSON.stringify(all, (_, v) => (v instanceof Uint8Array ? String.fromCharCode(...v) : v))
}

describe('what is sealed', () => {
  it('opens for its login, with its file, also when the browser starts anew', async () => {
    const s = await unlockWithKey('s-1', key(1))
    await s.put('draft', 'XY-1', { name: '甲乙丙', id: '33059919850412005X' }, new Uint8Array([1, 2, 3]))
    const again = await unlockWithKey('s-1', key(1))
    const found = await again.get<{ name: string }>('draft', 'XY-1')
    expect(found?.value.name).toBe('甲乙丙')
    expect([...(found?.bytes ?? [])]).toEqual([1, 2, 3])
    expect(await again.get('draft', 'XY-2')).toBeUndefined()
  })
  it('says nothing on the disk', async () => {
    const text = await disk()
    for (const secret of ['甲乙丙', '33059919850412005X', 'XY-1']) expect(text).not.toContain(secret)
  })
  it('is listed by kind, the oldest first, and forgotten when it is done with', async () => {
    const s = await unlockWithKey('s-2', key(2))
    // Within one millisecond too.
    const clock = vi.spyOn(Date, 'now').mockReturnValue(Date.now())
    const ids = ['h', 'b', 'g', 'a', 'f', 'c']
    for (const id of ids) await s.put('queue', id, 1)
    clock.mockRestore()
    await s.put('draft', 'd', 3)
    expect((await s.list('queue')).map((x) => x.id)).toEqual(ids)
    for (const id of ids.slice(1)) await s.remove('queue', id)
    expect((await s.list('queue')).map((x) => x.id)).toEqual(['h'])
  })
  it('does not open for another login, nor for another key', async () => {
    const other = await unlockWithKey('s-3', key(1))
    expect(await other.list('draft')).toEqual([])
    expect(await other.get('draft', 'XY-1')).toBeUndefined()
    const lost = await unlockWithKey('s-2', key(9))
    expect(await lost.list('queue')).toEqual([])
  })
  // Stretching a password takes its time, three times over here.
  it('opens by password only where that was asked for', { timeout: 60_000 }, async () => {
    expect(await unlockWithPassword('s-1', 'Demo-tongban-2026')).toBeUndefined()
    await alsoByPassword('s-1', key(1), 'Demo-tongban-2026')
    expect(await unlockWithPassword('s-1', 'demo-tongban-2026')).toBeUndefined()
    const s = await unlockWithPassword('s-1', 'Demo-tongban-2026')
    expect((await s?.get<{ name: string }>('draft', 'XY-1'))?.value.name).toBe('甲乙丙')
  })
  it('can be removed wholly', async () => {
    await forgetAll('s-1')
    expect(await unlockWithPassword('s-1', 'Demo-tongban-2026')).toBeUndefined()
    expect(await (await unlockWithKey('s-1', key(1))).list('draft')).toEqual([])
  })
})
