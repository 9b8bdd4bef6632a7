import { describe, expect, it } from 'vitest'
import type { Schemas } from '../api'
import { alike, changes, criteria, fault, lines, sum } from './scorecard'

const card: Schemas['Criterion'][] = [
  { measure: 'on_time', points: 6000, none: 800, all: 1000 },
  { measure: 'corrections', points: 4000, none: 300, all: 50 },
  { measure: 'yellow', points: 1000, each: 200 },
  { measure: 'manual', points: 500 },
]

describe('a scorecard', () => {
  it('is the same after it was edited into nothing else', () => expect(criteria(lines(card))).toEqual(card))
  it('counts what gives points alone', () => expect(sum(lines(card))).toBe(100))
  it('refuses what the ledger would refuse', () => {
    const of = (measure: string, change: object) => fault({ ...lines(card).find((l) => l.measure === measure)!, ...change })
    expect(of('on_time', {})).toBeUndefined()
    expect(of('volume', {})).toBeUndefined() // switched off
    expect(of('on_time', { points: 0 })).toBe('points')
    expect(of('on_time', { points: 100.5 })).toBe('points')
    expect(of('on_time', { points: Number.NaN })).toBe('points')
    expect(of('on_time', { all: 80 })).toBe('same')
    expect(of('on_time', { none: -1 })).toBe('range')
    expect(of('yellow', { each: 0 })).toBe('each')
    expect(of('yellow', { each: 10.5 })).toBe('each')
    expect(of('manual', {})).toBeUndefined()
  })
  it('says what another changes', () => {
    const other: Schemas['Criterion'][] = [...card.slice(0, 2), { measure: 'yellow', points: 1000, each: 100 }, { measure: 'red', points: 2000, each: 500 }]
    expect(changes(card, other).map((c) => c.measure)).toEqual(['yellow', 'red', 'manual'])
    expect(changes(card, [...card].reverse())).toEqual([])
    expect(alike(card, [...card].reverse())).toBe(true)
  })
})
