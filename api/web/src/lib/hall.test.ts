import { expect, it } from 'vitest'
import { shown, type HallStep } from './hall'

it('shows the newest step of each case, the newest first, and no more than fit', () => {
  let list: HallStep[] = []
  for (const [tail, step] of ['1a', '2a', '1b', '3a', '4a'].map((s) => [...s])) list = shown(list, { tail, item: 'x', step }, 3)
  expect(list.map((s) => s.tail + s.step)).toEqual(['4a', '3a', '1b'])
})
