// @vitest-environment happy-dom
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { useLine } from './line'

beforeEach(() => {
  setActivePinia(createPinia())
  vi.useFakeTimers()
})
afterEach(() => {
  useLine().stop()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

// A machine that hangs takes the connection and says nothing.
function hang() {
  vi.stubGlobal('fetch', (_: Request, { signal }: { signal: AbortSignal }) => new Promise((_done, fail) => signal.addEventListener('abort', () => fail(new Error('aborted')))))
}
const says = (body: unknown) => vi.stubGlobal('fetch', () => Promise.resolve(new Response(JSON.stringify(body), { headers: { 'Content-Type': 'application/json' } })))

describe('the sign of the line', () => {
  it('says within ten seconds that the node does not answer, and takes it back', async () => {
    says({ name: '某村', tier: 'village', line: { state: 'up' } })
    const line = useLine()
    line.start()
    await vi.advanceTimersByTimeAsync(100)
    expect(line.state).toBe('up')
    hang()
    await vi.advanceTimersByTimeAsync(10_000)
    expect(line.state).toBe('silent')
    expect(line.silentSince).toBeGreaterThan(0)
    says({ name: '某村', tier: 'village', line: { state: 'up' } })
    await vi.advanceTimersByTimeAsync(10_000)
    expect(line.state).toBe('up')
  })

  it('keeps the counts it has when they cannot be asked', async () => {
    says({ self: { outbox_entries: 3, needs_attention: 1 }, below: [] })
    const line = useLine()
    await line.lookCloserIfItAnswers()
    expect([line.waiting, line.attention]).toEqual([3, 1])
    vi.stubGlobal('fetch', () => Promise.reject(new Error('no')))
    await line.lookCloserIfItAnswers()
    expect([line.waiting, line.attention]).toEqual([3, 1])
  })
})
