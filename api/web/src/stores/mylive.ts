import { onBeforeUnmount, ref, type Ref } from 'vue'
import { mayHaveVisit } from '../api/mine'
import { keeper } from '../lib/keep'
import { useEvery } from '../lib/load'

/**
 * Reads again when the county says that something of the applicant's changed; `on` is
 * whether it is told of that. One stream a page, while it is looked at. While none comes
 * through it is read every quarter of a minute, until nobody has touched the page for ten
 * minutes, so that a page that was left open does not keep its login alive. `read` answers
 * false where it may not be read now.
 */
export function useMyLive(read: () => unknown, every = 15_000, left = 600_000): { on: Ref<boolean> } {
  const on = ref(false)
  const page = keeper(read)
  let stream: EventSource | undefined
  let tried = 0
  let touched = Date.now()
  let asked = Date.now()
  const touch = () => (touched = Date.now())
  const tell = () => {
    asked = Date.now()
    void page.tell()
  }
  const drop = () => {
    stream?.close()
    stream = undefined
    on.value = false
  }
  const connect = () => {
    if (document.hidden || !mayHaveVisit()) return drop()
    if (stream) return
    tried = Date.now()
    const s = (stream = new EventSource('/api/v1/my/changes'))
    s.addEventListener('changed', () => {
      on.value = true
      tell()
    })
    s.onerror = () => {
      on.value = false
      // After an answer that is no stream (the login ran out, too many pages) the browser
      // does not try again by itself.
      if (s.readyState === EventSource.CLOSED) drop()
    }
  }
  const seen = () => {
    if (document.hidden) return drop()
    touch()
    tell()
    connect()
  }
  window.addEventListener('pointerdown', touch, { passive: true })
  window.addEventListener('keydown', touch, { passive: true })
  document.addEventListener('visibilitychange', seen)
  connect()
  useEvery(5_000, () => {
    void page.tick()
    if (on.value || Date.now() - touched >= left) return
    if (Date.now() - asked >= every) tell()
    if (Date.now() - tried >= every) connect()
  })
  onBeforeUnmount(() => {
    drop()
    window.removeEventListener('pointerdown', touch)
    window.removeEventListener('keydown', touch)
    document.removeEventListener('visibilitychange', seen)
  })
  return { on }
}
