import { describe, expect, it } from 'vitest'
import { keeper } from './keep'

describe('a page that is kept', () => {
  it('is read when it is told, and not otherwise', async () => {
    let n = 0
    const k = keeper(() => void n++)
    await k.tick()
    expect(n).toBe(0)
    await k.tell()
    await k.tick()
    expect(n).toBe(1)
  })
  it('is read later where it could not be now', async () => {
    let open = true
    let n = 0
    const k = keeper(() => (open ? false : void n++))
    await k.tell()
    await k.tick()
    expect(n).toBe(0)
    open = false
    await k.tick()
    expect(n).toBe(1)
  })
  it('reads once more what came while it read', async () => {
    let n = 0
    const go: Array<() => void> = []
    const k = keeper(() => new Promise<void>((done) => (n++, go.push(done))))
    const first = k.tell()
    void k.tell()
    void k.tell()
    expect(n).toBe(1)
    go[0]()
    await Promise.resolve().then(() => undefined).then(() => undefined)
    expect(n).toBe(2)
    go[1]()
    await first
    expect(n).toBe(2)
  })
  it('goes on after a reading that failed', async () => {
    let n = 0
    const k = keeper(() => {
      if (n++ === 0) throw new Error('x')
    })
    await expect(k.tell()).rejects.toThrow('x')
    await k.tell()
    expect(n).toBe(2)
  })
})
