import jsQR from 'jsqr'
import type { Pixels } from './qr'

self.onmessage = (e: MessageEvent<Pixels>) => {
  const { data, width, height } = e.data
  self.postMessage(jsQR(data, width, height, { inversionAttempts: 'dontInvert' })?.data)
}
