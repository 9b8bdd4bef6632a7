import { expect, it } from 'vitest'
import { holds } from './holder'

it('tells whose desk a case lies at', () => {
  const village = { holder: '330523110220', department: '县医疗保障局' }
  expect(holds({ division: '330523110220' }, village)).toBe(true)
  expect(holds({ division: '330523110' }, village)).toBe(false)
  const county = { ...village, holder: '330523' }
  expect(holds({ division: '330523', department: '县医疗保障局' }, county)).toBe(true)
  expect(holds({ division: '330523', department: '县民政局' }, county)).toBe(false)
  expect(holds({ division: '330523' }, county)).toBe(false) // a supervisor
  expect(holds(null, county)).toBe(false)
})
