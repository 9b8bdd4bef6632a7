import { documentCodeOf } from './scan'

interface Detector {
  detect(image: ImageBitmapSource): Promise<{ rawValue: string }[]>
}
type DetectorMaker = new (options: { formats: string[] }) => Detector

/** The pixels of a picture, as a canvas gives them. */
export interface Pixels {
  data: Uint8ClampedArray
  width: number
  height: number
}

// The longest side at which a photograph is looked at, the quick ones first. A code on
// a photograph of a whole sheet is seen only when it is large; one that was taken near
// and out of focus, only when it is small.
const sides = [900, 1600, 2600, 3600]

/** The sizes at which a picture is looked at; none is larger than it is. */
export function looks(width: number, height: number): { width: number; height: number }[] {
  const side = Math.max(width, height)
  const at = sides.filter((s) => s < side)
  if (at.length < sides.length) at.push(side)
  return at.map((s) => ({ width: Math.max(1, Math.round((width * s) / side)), height: Math.max(1, Math.round((height * s) / side)) }))
}

/** The first code of a document that is found at any size. */
export async function search(sizes: { width: number; height: number }[], pixels: (width: number, height: number) => Pixels, read: (p: Pixels) => Promise<string | undefined>): Promise<string | undefined> {
  for (const { width, height } of sizes) {
    const code = documentCodeOf((await read(pixels(width, height))) ?? '')
    if (code) return code
  }
  return undefined
}

/**
 * The code of a document on a photograph of it; undefined where none is seen. Phones
 * that read codes by themselves are asked first; what reads them elsewhere (iPhones,
 * old desks) is loaded only then, and works beside the page.
 */
export async function codeOn(photo: Blob): Promise<string | undefined> {
  const url = URL.createObjectURL(photo)
  try {
    const picture = new Image()
    picture.src = url
    await picture.decode()
    const Maker = (window as unknown as { BarcodeDetector?: DetectorMaker }).BarcodeDetector
    const own = Maker ? await new Maker({ formats: ['qr_code'] }).detect(picture).catch(() => []) : []
    const found = own.map((c) => documentCodeOf(c.rawValue)).find((c) => c)
    return found ?? (await readBeside(picture))
  } finally {
    URL.revokeObjectURL(url)
  }
}

async function readBeside(picture: HTMLImageElement): Promise<string | undefined> {
  const canvas = document.createElement('canvas')
  const draw = canvas.getContext('2d')!
  const worker = new Worker(new URL('./qr.worker.ts', import.meta.url), { type: 'module' })
  const pixels = (width: number, height: number) => {
    canvas.width = width
    canvas.height = height
    draw.drawImage(picture, 0, 0, width, height)
    return draw.getImageData(0, 0, width, height)
  }
  const read = (p: Pixels) =>
    new Promise<string | undefined>((done, fail) => {
      worker.onmessage = (e: MessageEvent<string | undefined>) => done(e.data)
      worker.onerror = fail
      worker.postMessage(p, [p.data.buffer])
    })
  try {
    return await search(looks(picture.naturalWidth, picture.naturalHeight), pixels, read)
  } finally {
    worker.terminate()
  }
}
