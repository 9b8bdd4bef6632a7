import { describe, expect, it } from 'vitest'
import { isWhole, mapping, moved, pageSize, straightened, turnedCorners, whole, type Corners, type Pixels } from './straighten'

const slant: Corners = [
  { x: 0.2, y: 0.1 },
  { x: 0.9, y: 0.25 },
  { x: 0.8, y: 0.95 },
  { x: 0.1, y: 0.8 },
]

describe('a slanted photograph', () => {
  it('has its corners mapped exactly', () => {
    const [a, b, c, d, e, f, g, h] = mapping(slant)
    const at = (u: number, v: number) => [(a * u + b * v + c) / (g * u + h * v + 1), (d * u + e * v + f) / (g * u + h * v + 1)]
    for (const [i, [u, v]] of [[0, 0], [1, 0], [1, 1], [0, 1]].entries()) {
      expect(at(u, v)[0]).toBeCloseTo(slant[i].x)
      expect(at(u, v)[1]).toBeCloseTo(slant[i].y)
    }
  })
  it('is the same picture when it is whole', () => {
    const from: Pixels = { width: 3, height: 2, data: Uint8ClampedArray.from(Array.from({ length: 24 }, (_, i) => (i % 4 === 3 ? 255 : i * 9))) }
    expect(Array.from(straightened(from, whole(), 3, 2).data)).toEqual(Array.from(from.data))
    expect(isWhole(whole())).toBe(true)
    expect(isWhole(slant)).toBe(false)
  })
  it('shows of the picture what lies between the corners, and nothing else', () => {
    // White paper on a black desk.
    const [width, height] = [200, 100]
    const from: Pixels = { width, height, data: new Uint8ClampedArray(width * height * 4) }
    const c: Corners = [{ x: 0.25, y: 0.2 }, { x: 0.75, y: 0.2 }, { x: 0.75, y: 0.8 }, { x: 0.25, y: 0.8 }]
    for (let y = 20; y < 80; y++) for (let x = 50; x < 150; x++) from.data.fill(255, (y * width + x) * 4, (y * width + x) * 4 + 4)
    const { width: w, height: h } = pageSize(c, width, height, 2400)
    expect([w, h]).toEqual([100, 60])
    const out = straightened(from, c, w, h)
    expect(Math.min(...out.data)).toBe(255)
  })
  it('is no larger than what can be read', () => expect(pageSize(whole(), 6000, 3000, 2400)).toEqual({ width: 2400, height: 1200 }))
})

describe('a corner', () => {
  it('stays within the picture', () => expect(moved(whole(), 0, { x: -1, y: 0.2 })[0]).toEqual({ x: 0, y: 0.2 }))
  it('does not cross the others', () => {
    expect(moved(whole(), 0, { x: 0.9, y: 0.9 })).toEqual(whole())
    expect(moved(slant, 2, { x: 0, y: 0 })).toEqual(slant)
  })
  it('goes with the picture when that is turned', () => {
    expect(turnedCorners(whole())).toEqual(whole())
    const round = [1, 2, 3, 4].reduce((c) => turnedCorners(c), slant)
    round.forEach((p, i) => {
      expect(p.x).toBeCloseTo(slant[i].x)
      expect(p.y).toBeCloseTo(slant[i].y)
    })
  })
})
