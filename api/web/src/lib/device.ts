// Which device this browser is registered as. The pages read it from the browser's
// local storage; but that is written to the disk only after a while, and with it a
// battery that is empty would take the way to all that the device holds. So it is
// also kept where a record is on the disk when the promise is kept.

/** The device that is taken out, as this browser knows it: nothing personal. */
export interface Device {
  id: string
  staff: string
  division: string
  tier: string
}

const setting = 'tongban-device'

/** The device this browser is registered as, if it is one. */
export function thisDevice(): Device | undefined {
  try {
    const d = JSON.parse(localStorage.getItem(setting) ?? 'null') as Device | null
    return d ?? undefined
  } catch {
    return undefined
  }
}

/** The id of this device; empty when it is none. */
export const deviceHere = (): string => thisDevice()?.id ?? ''

export async function keepDevice(d: Device): Promise<void> {
  localStorage.setItem(setting, JSON.stringify(d))
  await change((s) => s.put(d, setting))
}

export async function forgetDevice(): Promise<void> {
  localStorage.removeItem(setting)
  await change((s) => s.delete(setting))
}

/** Makes known again what the local storage has lost. Before the first page asks for it. */
export async function recallDevice(): Promise<void> {
  if (thisDevice()) return
  const db = await open()
  const kept = await new Promise<Device | undefined>((done, fail) => {
    const r = db.transaction('kept').objectStore('kept').get(setting) as IDBRequest<Device | undefined>
    r.onsuccess = () => done(r.result)
    r.onerror = () => fail(r.error)
  })
  db.close()
  if (kept) localStorage.setItem(setting, JSON.stringify(kept))
}

function open(): Promise<IDBDatabase> {
  return new Promise((done, fail) => {
    const r = indexedDB.open('tongban-device', 1)
    r.onupgradeneeded = () => r.result.createObjectStore('kept')
    r.onsuccess = () => done(r.result)
    r.onerror = () => fail(r.error)
  })
}

async function change(what: (s: IDBObjectStore) => unknown): Promise<void> {
  const db = await open()
  await new Promise<void>((done, fail) => {
    const t = db.transaction('kept', 'readwrite', { durability: 'strict' })
    what(t.objectStore('kept'))
    t.oncomplete = () => done()
    t.onerror = t.onabort = () => fail(t.error)
  })
  db.close()
}
