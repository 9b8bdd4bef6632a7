// @vitest-environment happy-dom
import { afterEach, expect, it, vi } from 'vitest'
import { codeOn, readsCodes } from './qr'

afterEach(() => vi.unstubAllGlobals())

it('reads the code of a document from a photograph, where the browser can, and no other code', async () => {
  expect([readsCodes(), await codeOn(new Blob())]).toEqual([false, undefined])
  const close = vi.fn()
  let seen = ['https://example.com/', 'TB1:abc']
  vi.stubGlobal('createImageBitmap', async () => ({ close }))
  vi.stubGlobal('BarcodeDetector', class { detect = async () => seen.map((rawValue) => ({ rawValue })) })
  expect([readsCodes(), await codeOn(new Blob())]).toEqual([true, 'TB1:abc'])
  seen = ['https://example.com/']
  expect(await codeOn(new Blob())).toBeUndefined()
  expect(close).toHaveBeenCalledTimes(2)
})
