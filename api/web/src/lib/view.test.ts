import { describe, expect, it } from 'vitest'
import { fit, paged, turned, zoomed } from './view'

describe('a paper', () => {
  it('grows and shrinks within reason', () => {
    let v = fit
    for (let i = 0; i < 20; i++) v = zoomed(v, 1.25)
    expect(v.zoom).toBe(8)
    for (let i = 0; i < 40; i++) v = zoomed(v, 0.8)
    expect(v.zoom).toBe(0.5)
  })
  it('turns round', () => expect([1, 2, 3, 4].reduce<number[]>((a) => [...a, turned({ zoom: 1, turn: a[a.length - 1] ?? 0 }).turn], [])).toEqual([90, 180, 270, 0]))
  it('is followed by the next, and none after the last', () => expect([paged(0, 1, 3), paged(2, 1, 3), paged(0, -1, 3), paged(0, 1, 0)]).toEqual([1, 2, 0, 0]))
})
