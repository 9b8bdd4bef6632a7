import type { Schemas } from '../api'

type MyResult = Schemas['MyResult']

/** For how many days before the last day to ask for it in time a renewal is put forward. */
export const ahead = 60

const days = (from: string, to: string) => Math.round((Date.parse(to) - Date.parse(from)) / 86_400_000)

/** Whether what was issued should be renewed now: that day is near, or has passed. */
export function soon(r: MyResult, today: string): boolean {
  const by = r.renewal.apply_by
  return r.renewal.may && !!by && days(today, by) <= ahead
}

/** Today as the county counts its days, at a moment. */
export const todayAt = (ms: number): string => new Date(ms + 8 * 3_600_000).toISOString().slice(0, 10)

/** Where its renewal is applied for. */
export const renewalOf = (r: MyResult) => ({ name: 'myApply', params: { code: r.item }, query: { renews: r.case, result: r.result.id } })

/** What a renewal says that it renews, as it is kept with what was filled in. */
export interface Renews {
  case: string
  result: string
  name: string
  number: string
  until: string
  late: boolean
}

/** The draft of a renewal, or of what is handed in anew, is apart from that of a new application for the same item. */
export const draftOf = (code: string, joint: boolean, renews?: { case: string; result: string }, again?: string): string =>
  joint ? (again ? 'again:' + again : 'package:' + code) : renews ? `renew:${renews.case}:${renews.result}` : again ? 'again:' + again : code

/** The renewal that an address asks for; undefined where it asks for none. */
export function asksFor(query: Record<string, unknown>): { case: string; result: string } | undefined {
  return typeof query.renews === 'string' && query.renews && typeof query.result === 'string' && query.result ? { case: query.renews, result: query.result } : undefined
}
