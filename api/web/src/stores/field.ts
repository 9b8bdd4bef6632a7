import { defineStore } from 'pinia'
import { markRaw } from 'vue'
import { api, ask, Failure, type Problem } from '../api'
import { keepDevice, thisDevice, type Device } from '../lib/device'
import { fieldCases, handIn, sealedFor, type FieldCase } from '../lib/field'
import { fetchItems, keptItems } from '../lib/fieldItems'
import { alsoByPassword, unlockWithKey, unlockWithPassword, type Sealed } from '../lib/sealed'
import { useSession } from './session'

const every = 10_000
const stale = 12 * 3600 * 1000

const bytesOf = (key: string) => Uint8Array.from(atob(key.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0))

/**
 * A device that is taken out of reach: what it holds, whether it is open, and
 * whether the node is in reach. What is queued hands itself in.
 */
export const useField = defineStore('field', {
  state: () => ({
    device: thisDevice() as Device | undefined,
    sealed: undefined as Sealed | undefined,
    cases: [] as FieldCase[],
    reached: false,
    /** The node is in reach, and wants a login before it takes anything. */
    needsLogin: false,
    sending: false,
    items: 0,
    itemsAt: 0,
    fetched: [0, 0] as [number, number],
    timer: 0,
  }),
  getters: {
    waiting: (s) => s.cases.filter((c) => c.state === 'queued').length,
  },
  actions: {
    async start() {
      const kept = await keptItems()
      this.items = kept?.items.length ?? 0
      this.itemsAt = kept?.at ?? 0
      if (!this.timer) {
        this.timer = window.setInterval(() => void this.look(), every)
        window.addEventListener('online', () => void this.look())
        window.addEventListener('offline', () => (this.reached = false))
      }
      await this.look()
    },
    /** Makes this browser a device of whoever is logged in. */
    async register(name: string, password: string) {
      const session = useSession()
      const made = await ask(() => api.POST('/api/v1/devices', { body: { name, password } }))
      const device = { id: made.device.id, staff: made.device.staff, division: session.who!.division, tier: session.who!.tier }
      const sealed = await unlockWithKey(sealedFor(device), bytesOf(made.key))
      await alsoByPassword(sealedFor(device), bytesOf(made.key), password)
      await keepDevice(device)
      this.device = device
      this.sealed = markRaw(sealed)
      await navigator.storage?.persist?.()
      if ('serviceWorker' in navigator) await navigator.serviceWorker.register('/sw.js')
      await this.refresh()
      await this.reread()
      this.reached = true
      this.needsLogin = false
    },
    /** Fetches the items anew. */
    async refresh() {
      if (!this.device) return
      const node = await ask(() => api.GET('/api/v1/node'))
      const kept = await fetchItems(node.tier, node.edition ?? 0, (done, all) => (this.fetched = [done, all]))
      this.items = kept.items.length
      this.itemsAt = kept.at
    },
    /** Opens what the device holds by the password, out of reach. */
    async unlock(password: string): Promise<boolean> {
      const sealed = this.device && (await unlockWithPassword(sealedFor(this.device), password))
      if (!sealed) return false
      this.sealed = markRaw(sealed)
      await this.reread()
      return true
    },
    lock() {
      this.sealed = undefined
      this.cases = []
    },
    async reread() {
      if (this.sealed) this.cases = await fieldCases(this.sealed)
    },
    /** Finds out whether the node is in reach, and hands in what waits. */
    async look() {
      if (!this.device || this.sending) return
      const session = useSession()
      try {
        const node = await ask(() => api.GET('/api/v1/node'))
        this.reached = true
        if (!session.who) await session.look()
        this.needsLogin = session.who?.staff !== this.device.staff || session.ended
        if (this.needsLogin) return
        if (!this.sealed) {
          const { key } = await ask(() => api.GET('/api/v1/devices/{id}/key', { params: { path: { id: this.device!.id } } }))
          this.sealed = markRaw(await unlockWithKey(sealedFor(this.device), bytesOf(key)))
          await this.reread()
        }
        const kept = await keptItems()
        if (!kept || kept.edition !== (node.edition ?? 0) || Date.now() - kept.at > stale) await this.refresh()
        await this.sendAll()
      } catch (e) {
        if (!(e instanceof Failure)) throw e
        if (e.problem.status === 0) this.reached = false
      }
    },
    async sendAll() {
      if (!this.sealed || this.sending || !this.cases.some((c) => c.state === 'queued')) return
      this.sending = true
      try {
        // One page of this browser at a time.
        if (navigator.locks) await navigator.locks.request('tongban-field', { ifAvailable: true }, async (lock) => (lock ? this.sendEach() : undefined))
        else await this.sendEach()
      } finally {
        this.sending = false
        await this.reread()
      }
    },
    async sendEach() {
      const sealed = this.sealed!
      const items = (await keptItems())?.items ?? []
      for (const c of (await fieldCases(sealed)).reverse()) {
        if (c.state !== 'queued') continue
        const item = items.find((i) => i.item.code === c.item)?.item
        if (!item) {
          const gone: Problem = { type: 'about:blank', title: 'gone', status: 409, code: 'item_gone', detail: 'this item is not taken in here any more', message_zh: '该事项已不在本站受理', next: '请核对后删除或到窗口办理', next_en: 'check it, then delete it or hand it in at a window', request_id: '' }
          await sealed.put('field-case', c.key, { ...c, state: 'refused', problem: gone })
          continue
        }
        await handIn(sealed, c, item)
        await this.reread()
      }
    },
  },
})
