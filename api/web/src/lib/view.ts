// How a paper is looked at: its size and turn, kept within reason.

export interface View {
  /** 1 fits the paper into the window. */
  zoom: number
  /** Clockwise degrees: 0, 90, 180 or 270. */
  turn: number
}

export const fit: View = { zoom: 1, turn: 0 }

const least = 0.5
const most = 8

export function zoomed(v: View, by: number): View {
  return { ...v, zoom: Math.min(Math.max(Math.round(v.zoom * by * 100) / 100, least), most) }
}

export function turned(v: View): View {
  return { ...v, turn: (v.turn + 90) % 360 }
}

/** The paper before or after; it stays at the ends. */
export function paged(at: number, by: number, length: number): number {
  return Math.min(Math.max(at + by, 0), Math.max(length - 1, 0))
}
