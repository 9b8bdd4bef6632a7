import { describe, expect, it } from 'vitest'
import { fitting, longest, smallEnough, squeeze } from './compress'

describe('a photograph', () => {
  it('keeps its proportions and stays readable', () => {
    expect(fitting(4000, 3000)).toEqual({ width: longest, height: (longest * 3) / 4 })
    expect(fitting(800, 600)).toEqual({ width: 800, height: 600 })
    expect(fitting(10_000, 1)).toEqual({ width: longest, height: 1 })
  })
  it('is sent as it is when it is small, no picture, or cannot be made smaller', async () => {
    for (const f of [new File(['x'], 'a.jpg', { type: 'image/jpeg' }), new File([new Uint8Array(smallEnough + 1)], 'a.pdf', { type: 'application/pdf' }), new File([new Uint8Array(smallEnough + 1)], 'b.jpg', { type: 'image/jpeg' })])
      expect(await squeeze(f)).toBe(f)
  })
})
