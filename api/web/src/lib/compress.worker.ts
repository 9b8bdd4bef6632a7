import { fitting } from './compress'

self.onmessage = async (e: MessageEvent<{ id: number; file: File }>) => {
  const { id, file } = e.data
  try {
    const picture = await createImageBitmap(file, { imageOrientation: 'from-image' } as ImageBitmapOptions)
    const size = fitting(picture.width, picture.height)
    const canvas = new OffscreenCanvas(size.width, size.height)
    const g = canvas.getContext('2d')!
    g.fillStyle = '#fff' // what is transparent would be black in a JPEG
    g.fillRect(0, 0, size.width, size.height)
    g.drawImage(picture, 0, 0, size.width, size.height)
    picture.close()
    self.postMessage({ id, made: await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.82 }) })
  } catch {
    self.postMessage({ id, made: null }) // no picture that this browser reads: it is sent as it is
  }
}
