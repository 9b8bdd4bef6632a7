import { expect, it } from 'vitest'
import { Unanswered } from './unanswered'

it('lets the same go out again under its key, and nothing else until it is answered', () => {
  const u = new Unanswered()
  expect(u.differs('k', 'a')).toBe(false)
  u.send('k', 'a')
  expect([u.differs('k', 'a'), u.differs('k', 'b'), u.differs('other', 'b')]).toEqual([false, true, false])
  u.answered('k')
  expect(u.differs('k', 'b')).toBe(false)
})

it('keeps the doubt over a login that ran out, and makes none of it', () => {
  const u = new Unanswered()
  u.send('k', 'a')
  u.turnedAway('k')
  expect(u.differs('k', 'b')).toBe(false)
  u.send('k', 'a') // no answer
  u.send('k', 'a')
  u.turnedAway('k')
  expect([u.differs('k', 'a'), u.differs('k', 'b')]).toEqual([false, true])
  u.answered('k')
  expect(u.differs('k', 'b')).toBe(false)
})
