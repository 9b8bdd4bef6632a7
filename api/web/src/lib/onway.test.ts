import { expect, it } from 'vitest'
import type { Schemas } from '../api'
import { come, onWay, scans } from './onway'

it('has what the county has not got yet, or refused, the oldest first', () => {
  const made = (word: Schemas['Word'], handed_in_ms: number) => ({ word, handed_in_ms }) as Schemas['CaseSummary']
  expect(onWay([made('taken_up', 1), made('saved_here', 5), made('at_county', 2), made('refused', 4), made('at_township', 3)]).map((c) => c.word)).toEqual(['at_township', 'refused', 'saved_here'])
  expect((['saved_here', 'at_township', 'at_county', 'taken_up', 'refused'] as const).map(come)).toEqual([1, 2, 3, 4, 0])
})

it('counts the scans that arrived', () => {
  expect(scans(undefined)).toEqual({ there: 0, all: 0 })
  expect(scans([{ at_county: true }, { at_county: false }])).toEqual({ there: 1, all: 2 })
})
