/** By how much a clock is off, in the two largest units that say it. */
export interface Skew {
  way: 'fast' | 'slow'
  unit: 'minutes' | 'hours'
  n: number
  rest: number
}

/** What skew_ms of the API says: ahead when positive; nothing where no clock was off. */
export function skewOf(ms: number | undefined): Skew | undefined {
  if (!ms) return undefined
  const way = ms > 0 ? 'fast' : 'slow'
  const s = Math.floor(Math.abs(ms) / 1000)
  if (s < 3600) return { way, unit: 'minutes', n: Math.floor(s / 60), rest: s % 60 }
  return { way, unit: 'hours', n: Math.floor(s / 3600), rest: Math.floor((s % 3600) / 60) }
}
