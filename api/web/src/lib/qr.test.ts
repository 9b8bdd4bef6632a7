import { expect, it, vi } from 'vitest'
import { looks, search } from './qr'

it('looks at a photograph small first, and never larger than it is', () => {
  expect(looks(4032, 3024)).toEqual([{ width: 900, height: 675 }, { width: 1600, height: 1200 }, { width: 2600, height: 1950 }, { width: 3600, height: 2700 }])
  expect(looks(600, 1200)).toEqual([{ width: 450, height: 900 }, { width: 600, height: 1200 }])
  expect(looks(200, 100)).toEqual([{ width: 200, height: 100 }])
})

it('goes on to larger pictures until a document’s code is seen, and takes no other code', async () => {
  const seen = [undefined, 'https://example.com/', 'https://county.example/verify#TB1:abc', 'TB1:late']
  const read = vi.fn(async () => seen.shift())
  const pixels = (width: number, height: number) => ({ data: new Uint8ClampedArray(0), width, height })
  expect(await search(looks(4000, 3000), pixels, read)).toBe('TB1:abc')
  expect(read).toHaveBeenCalledTimes(3)
  expect(await search(looks(200, 100), pixels, async () => 'https://example.com/')).toBeUndefined()
})
