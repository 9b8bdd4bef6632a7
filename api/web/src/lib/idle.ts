// Nobody at the desk: after some minutes without a touch the page locks itself.

const setting = 'lock-minutes'
const touched = 'touched-at'

/** The choices there are, in minutes. */
export const lockChoices = [3, 5, 10, 15, 30]

/** After how many minutes this browser locks itself. */
export function lockMinutes(): number {
  const n = Number(localStorage.getItem(setting))
  return lockChoices.includes(n) ? n : 10
}

export function setLockMinutes(n: number): void {
  localStorage.setItem(setting, String(n))
}

/**
 * Calls `idle` when no page of this browser was touched for so long. The pages
 * tell one another through storage, so that work in one keeps all open.
 */
export function watchIdle(idle: () => void, now: () => number = Date.now): () => void {
  const seconds = 1000
  let noted = 0
  const touch = () => {
    if (now() - noted < 2 * seconds) return
    noted = now()
    localStorage.setItem(touched, String(noted))
  }
  const events = ['pointerdown', 'keydown', 'wheel', 'touchstart'] as const
  for (const e of events) window.addEventListener(e, touch, { capture: true, passive: true })
  touch()
  const look = () => {
    if (now() - Math.max(Number(localStorage.getItem(touched)), noted) >= lockMinutes() * 60 * seconds) idle()
  }
  const timer = window.setInterval(look, 5 * seconds)
  return () => {
    window.clearInterval(timer)
    for (const e of events) window.removeEventListener(e, touch, { capture: true })
  }
}
