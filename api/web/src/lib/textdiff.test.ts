import { describe, expect, it } from 'vitest'
import { lines } from './textdiff'

const shown = (a: string, b: string) => lines(a, b).map((l) => ({ same: ' ', add: '+', cut: '-' })[l.kind] + l.text)

describe('two texts held against each other', () => {
  it('show what was cut before what was added', () => expect(shown('a\nb\nc', 'a\nx\nc')).toEqual([' a', '-b', '+x', ' c']))
  it('are all new where there was none', () => expect(shown('', 'a\nb')).toEqual(['+a', '+b']))
  it('are the same where nothing changed', () => expect(shown('a\nb', 'a\nb')).toEqual([' a', ' b']))
})
