import { describe, expect, it } from 'vitest'
import { called, visible, shown, type HallStep } from './hall'

it('shows the newest step of each case, the newest first, and no more than fit', () => {
  let list: HallStep[] = []
  for (const [tail, step] of ['1a', '2a', '1b', '3a', '4a'].map((s) => [...s])) list = shown(list, { lead: '110220-1123-01-', tail, item: 'x', step }, 3)
  expect(list.map((s) => s.tail + s.step)).toEqual(['4a', '3a', '1b'])
})

it('keeps apart what two villages, or two days, number alike', () => {
  let list: HallStep[] = []
  for (const lead of ['110220-1123-01-', '110221-1123-01-', '110220-1124-01-']) list = shown(list, { lead, tail: '000001-0', item: 'x', step: 'a' }, 9)
  expect(list.length).toBe(3)
})

it('calls whose turn it is, until their case goes on', () => {
  const of = (tail: string, call?: HallStep['call']): HallStep => ({ lead: 'a-', tail, item: 'x', step: 's', where: '7 号窗口', ...(call ? { call } : {}) })
  let list: HallStep[] = []
  for (const s of [of('1', 'supplement'), of('2'), of('3', 'collect')]) list = shown(list, s, 9)
  expect(called(list).map((s) => s.tail)).toEqual(['3', '1'])
  expect(called(shown(list, of('1'), 9)).map((s) => s.tail)).toEqual(['3'])
})

describe('a screen that scrolls', () => {
  it('shows all lines in turn, and stands still when they fit', () => {
    expect(visible([1, 2, 3], 2, 5)).toEqual([1, 2, 3])
    expect(visible([1, 2, 3, 4], 0, 2)).toEqual([1, 2])
    expect(visible([1, 2, 3, 4], 3, 2)).toEqual([4, 1])
    const seen = new Set([0, 1, 2, 3, 4].flatMap((from) => visible([1, 2, 3, 4, 5], from, 2)))
    expect(seen.size).toBe(5)
  })
})
