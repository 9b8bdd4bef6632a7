// Photographs are made smaller before they go over a village's line: turned as
// they were held, no larger than what can be read, in a worker, so that the form
// stays quick on an old PC.

/** The longest side that is kept, in pixels: A4 at about 200 dpi. */
export const longest = 2400
/** A smaller file is sent as it is. */
export const smallEnough = 400 * 1024

/** The size of a picture that fits; one that fits already stays. */
export function fitting(width: number, height: number): { width: number; height: number } {
  const by = Math.min(1, longest / Math.max(width, height))
  return { width: Math.max(1, Math.round(width * by)), height: Math.max(1, Math.round(height * by)) }
}

let worker: Worker | undefined
let last = 0
const waiting = new Map<number, (made: Blob | null) => void>()

/** The file, made smaller if it is a large photograph; as it is otherwise, and whenever that fails. */
export async function squeeze(file: File): Promise<File> {
  if (!/^image\/(jpeg|png|webp|bmp)$/.test(file.type) || file.size <= smallEnough || typeof OffscreenCanvas === 'undefined') return file
  const made = await new Promise<Blob | null>((done) => {
    try {
      if (!worker) {
        worker = new Worker(new URL('./compress.worker.ts', import.meta.url), { type: 'module' })
        worker.onmessage = (e: MessageEvent<{ id: number; made: Blob | null }>) => {
          waiting.get(e.data.id)?.(e.data.made)
          waiting.delete(e.data.id)
        }
        worker.onerror = () => {
          for (const tell of waiting.values()) tell(null)
          waiting.clear()
          worker = undefined
        }
      }
      const id = ++last
      waiting.set(id, done)
      worker.postMessage({ id, file })
    } catch {
      done(null)
    }
  })
  if (!made || made.size >= file.size) return file
  return new File([made], file.name.replace(/\.\w+$/, '') + '.jpg', { type: 'image/jpeg' })
}
