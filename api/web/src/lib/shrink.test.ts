import { describe, expect, it } from 'vitest'
import { fitted, longest, shrink } from './shrink'

describe('a photograph that is sent', () => {
  it('keeps its shape and is never made larger', () => {
    expect(fitted(4000, 3000)).toEqual({ width: longest, height: (longest * 3) / 4 })
    expect(fitted(3000, 4000)).toEqual({ width: (longest * 3) / 4, height: longest })
    expect(fitted(800, 600)).toEqual({ width: 800, height: 600 })
    expect(fitted(0, 0)).toEqual({ width: 1, height: 1 })
  })
  it('is sent as it is when it is none', async () => {
    const pdf = new File(['%PDF-1.7'], 'a.pdf', { type: 'application/pdf' })
    expect(await shrink(pdf)).toBe(pdf)
  })
})
