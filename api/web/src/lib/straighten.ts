// A photograph of a paper that was held at a slant, made straight: its four corners
// become those of a page. Coordinates of corners are parts of the picture, 0 to 1.

export interface Point {
  x: number
  y: number
}
/** Top left, top right, bottom right, bottom left. */
export type Corners = [Point, Point, Point, Point]

/** Pixels as a canvas gives them. */
export interface Pixels {
  data: Uint8ClampedArray
  width: number
  height: number
}

/** The whole picture. */
export const whole = (): Corners => [
  { x: 0, y: 0 },
  { x: 1, y: 0 },
  { x: 1, y: 1 },
  { x: 0, y: 1 },
]

/** Whether nothing would be cut or straightened. */
export const isWhole = (c: Corners): boolean => whole().every((p, i) => Math.abs(p.x - c[i].x) < 0.001 && Math.abs(p.y - c[i].y) < 0.001)

/** The corners after one was moved; as they were when that is no page any more. */
export function moved(corners: Corners, i: number, to: Point): Corners {
  const next = corners.map((c, n) => (n === i ? { x: clamp(to.x), y: clamp(to.y) } : c)) as Corners
  return convex(next) ? next : corners
}

const clamp = (v: number) => Math.min(1, Math.max(0, v))

// Every turn from side to side goes the same way, and none is nearly flat.
function convex(c: Corners): boolean {
  return c.every((p, i) => {
    const q = c[(i + 1) % 4]
    const r = c[(i + 2) % 4]
    return (q.x - p.x) * (r.y - q.y) - (q.y - p.y) * (r.x - q.x) > 0.005
  })
}

/** The size of the page, in pixels: as long as its longer opposite sides, and no longer than `most`. */
export function pageSize(corners: Corners, width: number, height: number, most: number): { width: number; height: number } {
  const long = (a: Point, b: Point) => Math.hypot((a.x - b.x) * width, (a.y - b.y) * height)
  const w = Math.max(long(corners[0], corners[1]), long(corners[3], corners[2]))
  const h = Math.max(long(corners[0], corners[3]), long(corners[1], corners[2]))
  const by = Math.min(1, most / Math.max(w, h, 1))
  return { width: Math.max(1, Math.round(w * by)), height: Math.max(1, Math.round(h * by)) }
}

/**
 * The mapping that takes the unit square to four points, as eight numbers:
 * x = (au + bv + c) / (gu + hv + 1), y = (du + ev + f) / (gu + hv + 1).
 */
export function mapping(to: Corners): number[] {
  const [p, q, r, s] = to
  const [dx1, dx2, sx] = [q.x - r.x, s.x - r.x, p.x - q.x + r.x - s.x]
  const [dy1, dy2, sy] = [q.y - r.y, s.y - r.y, p.y - q.y + r.y - s.y]
  const d = dx1 * dy2 - dx2 * dy1
  const g = (sx * dy2 - dx2 * sy) / d
  const h = (dx1 * sy - sx * dy1) / d
  return [q.x - p.x + g * q.x, s.x - p.x + h * s.x, p.x, q.y - p.y + g * q.y, s.y - p.y + h * s.y, p.y, g, h]
}

/** The page between the corners, drawn straight. */
export function straightened(from: Pixels, corners: Corners, width: number, height: number): Pixels {
  const [a, b, c, d, e, f, g, h] = mapping(corners)
  const out = new Uint8ClampedArray(width * height * 4)
  const [w, t] = [from.width - 1, from.height - 1]
  for (let y = 0, at = 0; y < height; y++) {
    const v = (y + 0.5) / height
    for (let x = 0; x < width; x++, at += 4) {
      const u = (x + 0.5) / width
      const by = 1 / (g * u + h * v + 1)
      const px = Math.min(w, Math.max(0, (a * u + b * v + c) * by * from.width - 0.5))
      const py = Math.min(t, Math.max(0, (d * u + e * v + f) * by * from.height - 0.5))
      const [x0, y0] = [Math.floor(px), Math.floor(py)]
      const [fx, fy] = [px - x0, py - y0]
      const i = (y0 * from.width + x0) * 4
      const right = x0 < w ? 4 : 0
      const down = y0 < t ? from.width * 4 : 0
      for (let k = 0; k < 3; k++) {
        const top = from.data[i + k] * (1 - fx) + from.data[i + right + k] * fx
        const low = from.data[i + down + k] * (1 - fx) + from.data[i + down + right + k] * fx
        out[at + k] = top * (1 - fy) + low * fy
      }
      out[at + 3] = 255
    }
  }
  return { data: out, width, height }
}

/** The corners where they are after the picture was turned a quarter to the right. */
export function turnedCorners(c: Corners): Corners {
  const turn = (p: Point) => ({ x: 1 - p.y, y: p.x })
  return [turn(c[3]), turn(c[0]), turn(c[1]), turn(c[2])]
}
