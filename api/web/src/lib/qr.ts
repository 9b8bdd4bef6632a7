import { documentCodeOf } from './scan'

interface Detector {
  detect(image: ImageBitmapSource): Promise<{ rawValue: string }[]>
}
type DetectorMaker = new (options: { formats: string[] }) => Detector

const maker = (): DetectorMaker | undefined => (window as unknown as { BarcodeDetector?: DetectorMaker }).BarcodeDetector

/** Whether this browser reads QR codes by itself, as those of phones mostly do. */
export const readsCodes = (): boolean => !!maker()

/** The code of a document on a photograph of it; undefined where none is seen. */
export async function codeOn(photo: Blob): Promise<string | undefined> {
  const Maker = maker()
  if (!Maker) return undefined
  const picture = await createImageBitmap(photo)
  try {
    const found = await new Maker({ formats: ['qr_code'] }).detect(picture)
    return found.map((c) => documentCodeOf(c.rawValue)).find((c) => c)
  } finally {
    picture.close()
  }
}
