// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { lockMinutes, setLockMinutes, watchIdle } from './idle'

beforeEach(() => {
  localStorage.clear()
  vi.useFakeTimers()
})
afterEach(() => vi.useRealTimers())

describe('the idle lock', () => {
  it('comes after the minutes that were chosen, and a touch puts it off', () => {
    setLockMinutes(3)
    const idle = vi.fn()
    const stop = watchIdle(idle)
    vi.advanceTimersByTime(170_000)
    window.dispatchEvent(new Event('keydown'))
    vi.advanceTimersByTime(170_000)
    expect(idle).not.toHaveBeenCalled()
    vi.advanceTimersByTime(15_000)
    expect(idle).toHaveBeenCalled()
    stop()
  })
  it('is put off by work in another page of the browser', () => {
    setLockMinutes(3)
    const idle = vi.fn()
    const stop = watchIdle(idle)
    vi.advanceTimersByTime(170_000)
    localStorage.setItem('touched-at', String(Date.now()))
    vi.advanceTimersByTime(60_000)
    expect(idle).not.toHaveBeenCalled()
    stop()
  })
  it('takes ten minutes when something else stands in storage', () => {
    localStorage.setItem('lock-minutes', '0')
    expect(lockMinutes()).toBe(10)
  })
})
