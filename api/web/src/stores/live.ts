import { onBeforeUnmount } from 'vue'
import { defineStore } from 'pinia'
import type { Schemas } from '../api'
import { useEvery } from '../lib/load'
import { useLine } from './line'
import { useSession } from './session'

type Hint = Schemas['ChangesHint']

const listeners = new Set<(hint: Hint) => void>()
let stream: EventSource | undefined
let again = 0

/**
 * What the node tells this page by itself: that something changed, and of which
 * cases. One stream a page, and only while somebody looks at it, for a browser
 * has six connections to a node.
 */
export const useLive = defineStore('live', {
  state: () => ({ on: false, heardAt: 0 }),
  actions: {
    start() {
      document.addEventListener('visibilitychange', () => this.connect())
      this.connect()
    },
    /** Connects or lets go, as the page and the login are now. */
    connect() {
      const wanted = document.visibilityState === 'visible' && !!useSession().who && !useSession().mustChange && !useSession().ended
      if (!wanted) {
        this.drop()
        return
      }
      if (stream) return
      const s = (stream = new EventSource('/api/v1/changes'))
      s.addEventListener('changed', (e) => {
        this.on = true
        this.heardAt = Date.now()
        const hint = JSON.parse((e as MessageEvent<string>).data) as Hint
        for (const tell of listeners) tell(hint)
      })
      s.onerror = () => {
        this.on = false
        void useLine().look()
        // After an answer that is no stream (the login ran out, too many pages)
        // the browser does not try again by itself.
        if (s.readyState !== EventSource.CLOSED) return
        this.drop()
        again = window.setTimeout(() => void useSession().look().then(() => this.connect()), 5_000)
      }
    },
    drop() {
      window.clearTimeout(again)
      stream?.close()
      stream = undefined
      this.on = false
    },
  },
})

/**
 * Reads again when something changed, for as long as the page is there: at once
 * when a case it shows is named, at leisure otherwise. What comes while it still
 * reads is read after that.
 */
export function onChange(read: () => Promise<unknown>, concerns: (cases: string[]) => boolean = (cases) => cases.length > 0): void {
  const leisure = 10_000
  let last = Date.now()
  let timer = 0
  let due = Infinity
  let reading = false
  const run = async () => {
    due = Infinity
    if (reading) return plan(1_000)
    reading = true
    last = Date.now()
    try {
      await read()
    } finally {
      reading = false
    }
  }
  const plan = (ms: number) => {
    if (Date.now() + ms >= due) return
    due = Date.now() + ms
    window.clearTimeout(timer)
    timer = window.setTimeout(() => void run(), ms)
  }
  const tell = (hint: Hint) => plan(concerns(hint.cases ?? []) ? 200 : Math.max(500, last + leisure - Date.now()))
  listeners.add(tell)
  onBeforeUnmount(() => {
    listeners.delete(tell)
    window.clearTimeout(timer)
  })
}

/**
 * Keeps a page as things are now: when something changed, at leisure; while no
 * stream comes through, every quarter of a minute; and every so many
 * milliseconds all the same, for what only the clock changes.
 */
export function keepFresh(read: () => Promise<unknown>, every = 60_000): void {
  let last = Date.now()
  const run = () => {
    last = Date.now()
    return read()
  }
  onChange(run, () => false)
  useEvery(5_000, () => {
    if (Date.now() - last >= (useLive().on ? every : Math.min(every, 15_000))) void run()
  })
}
