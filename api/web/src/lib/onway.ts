import type { Schemas } from '../api'

type Summary = Schemas['CaseSummary']

/** The words of an entry on its way up, in order. */
export const stations = ['saved_here', 'at_township', 'at_county', 'taken_up'] as const

/** How many of the stations a word has come to; none where it was refused. */
export const come = (word: Schemas['Word']): number => stations.indexOf(word as (typeof stations)[number]) + 1

/** The cases that the county has not got yet, or refused, the oldest first. */
export const onWay = (cases: Summary[]): Summary[] => cases.filter((c) => come(c.word) < 3).sort((a, b) => a.handed_in_ms - b.handed_in_ms)

/** How many of the scans of a case have arrived at the county. */
export function scans(files: { at_county: boolean }[] | undefined): { there: number; all: number } {
  const all = files ?? []
  return { there: all.filter((f) => f.at_county).length, all: all.length }
}
