// @vitest-environment happy-dom
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { Door, Upload } from './upload'

const file = (size: number) => new File([new Uint8Array(size)], '户口簿.pdf', { type: 'application/pdf' })
const door = () => {
  const took: Door = { begin: vi.fn(async (hash) => ({ hash, offset: 0, complete: true })), append: vi.fn() }
  return took
}

/** The module anew, with a node that answers as it is told to. */
async function withNode(answer: () => Promise<Response>) {
  vi.resetModules()
  vi.stubGlobal('fetch', vi.fn(answer))
  return await import('./upload')
}

describe('a file that is handed in', () => {
  beforeEach(() => vi.unstubAllGlobals())
  const node = async () => new Response(JSON.stringify({ papers: { attachment_bytes: 1_572_864, case_bytes: 9_000_000, types: [] } }), { status: 200, headers: { 'Content-Type': 'application/json' } })

  it('is refused before it is read when it is larger than this node takes', async () => {
    const { send } = await withNode(node)
    const to = door()
    const done: Upload = await send(file(1_572_865), () => {}, to)
    expect(done.state).toBe('failed')
    expect(done.failure?.problem.message_zh).toContain('附件为 1.6 MB，超过 1.5 MB 的上限')
    expect(to.begin).not.toHaveBeenCalled()
  })
  it('is sent when it fits', async () => {
    const { send } = await withNode(node)
    const to = door()
    expect((await send(file(1_572_864), () => {}, to)).state).toBe('done')
    expect(to.begin).toHaveBeenCalledOnce()
  })
  it('is left to the door while the node does not say, and asked for again', async () => {
    const { send } = await withNode(async () => Promise.reject(new TypeError('no line')))
    expect((await send(file(2_000_000), () => {}, door())).state).toBe('done')
    vi.stubGlobal('fetch', vi.fn(node))
    expect((await send(file(2_000_000), () => {}, door())).state).toBe('failed')
  })
})
