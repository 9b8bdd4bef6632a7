import { describe, expect, it } from 'vitest'
import { Failure, type Problem } from '../api'
import { once } from './once'

const failure = (status: number) => new Failure({ type: '', title: '', status, code: 'x', detail: '', message_zh: '', next: '', request_id: '' } as Problem)

describe('an action', () => {
  it('is not begun twice at once', async () => {
    const o = once()
    let n = 0
    const both = await Promise.all([o.run(async () => void n++), o.run(async () => void n++)])
    expect([n, both]).toEqual([1, [true, false]])
  })
  it('keeps its key until it is known what became of it', async () => {
    const o = once()
    const keys: string[] = []
    const attempt = (status: number) =>
      o.run(async (key) => {
        keys.push(key)
        if (status) throw failure(status)
      })
    for (const status of [0x1f7, 503, 409, 0, 0]) await attempt(status)
    // lost, lost, refused | done | another
    expect(new Set(keys.slice(0, 3)).size).toBe(1)
    expect(new Set(keys).size).toBe(3)
    expect(o.problem.value).toBeUndefined()
  })
  it('keeps its key over a login that ran out: nobody knows of what was sent before', async () => {
    const o = once()
    const keys: string[] = []
    for (const status of [503, 401, 429, 0]) await o.run(async (key) => { keys.push(key); if (status) throw failure(status) })
    expect(new Set(keys).size).toBe(1)
  })
  it('does not hide a fault of the page itself', async () => {
    const o = once()
    await expect(o.run(async () => Promise.reject(new TypeError('bug')))).rejects.toThrow('bug')
    expect(o.busy.value).toBe(false)
  })
})
