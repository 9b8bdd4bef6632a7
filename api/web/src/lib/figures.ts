import type { Schemas } from '../api'

type Row = Schemas['StatisticsRow']

/** The share of decided cases with a promised day that kept it; undefined of none. */
export function kept(r: Row): number | undefined {
  const promised = r.on_time + r.overdue
  return promised > 0 ? r.on_time / promised : undefined
}

export function percent(share: number | undefined): string {
  return share === undefined ? '—' : `${(share * 100).toFixed(1)}%`
}

/** Mean working days, kept in hundredths; none is a dash. */
export function mean(r: Row): string {
  return r.mean_days_hundredths < 0 ? '—' : (r.mean_days_hundredths / 100).toFixed(1)
}

export function decided(r: Row): number {
  return r.granted + r.declined
}

/** The rows with the most of something, the largest first, for a chart that can be read. */
export function top(rows: Row[], of: (r: Row) => number, most: number): Row[] {
  return rows.filter((r) => of(r) > 0).sort((a, b) => of(b) - of(a) || (a.key < b.key ? -1 : 1)).slice(0, most)
}

/** The month so many months before another, 2026-11 and 1 give 2026-10. */
export function monthsBefore(month: string, n: number): string {
  const [y, m] = month.split('-').map(Number)
  const at = y * 12 + (m - 1) - n
  return `${Math.floor(at / 12)}-${String((at % 12) + 1).padStart(2, '0')}`
}

/** Every month from one to another, so that a month without a case is not missing. */
export function monthsOf(from: string, to: string): string[] {
  const out: string[] = []
  for (let m = to; m >= from && out.length < 120; m = monthsBefore(m, 1)) out.unshift(m)
  return out
}
