import { describe, expect, it } from 'vitest'
import { isUSCC } from './identifier'
import { asked } from './search'

describe('what is typed into the search', () => {
  it('is a case number, however it is written', () => {
    const whole = { kind: 'number', number: '33052311022020261123010000453' }
    for (const text of ['330523110220-20261123-01-000045-3', ' 33052311022020261123010000453 ', '３３０５２３１１０２２０－２０２６１１２３－０１－００００４５－３']) expect(asked(text)).toEqual(whole)
    expect(asked('330523110220-2026')).toEqual({ kind: 'begins', digits: '3305231102202026' })
  })
  it('is the code of a paper, alone or in the link of its square', () => {
    const code = { kind: 'code', code: 'TB1:AEAQ+/=' }
    expect(asked('TB1:AEAQ+/=')).toEqual(code)
    expect(asked('http://10.1.2.3:8080/verify#TB1%3AAEAQ%2B%2F%3D')).toEqual(code)
    expect(asked('https://hub.example/verify#TB1:AEAQ+/=')).toEqual(code)
  })
  it('is whose cases, by a whole number of a person or a firm', () => {
    expect(asked(' 33059919850412005x ')).toEqual({ kind: 'who', type: 'person', number: '33059919850412005X' })
    expect(asked('91330523MA2B0ABC1D').kind).toBe(isUSCC('91330523MA2B0ABC1D') ? 'who' : 'words')
    expect(asked('330599198504120051').kind).toBe('begins') // mistyped: its check digit is another
    expect(asked('330523110220202611').kind).toBe('begins') // of a case, eighteen digits of it
  })
  it('is otherwise words, or nothing', () => {
    expect(asked('gljt')).toEqual({ kind: 'words', words: 'gljt' })
    expect(asked(' 高龄津贴 ')).toEqual({ kind: 'words', words: '高龄津贴' })
    expect(asked('TB-MZJ-008')).toEqual({ kind: 'words', words: 'TB-MZJ-008' })
    expect(asked('2026')).toEqual({ kind: 'words', words: '2026' })
    expect(asked('http://10.1.2.3/verify#%E0%A4%A')).toMatchObject({ kind: 'words' })
    expect(asked('  ')).toEqual({ kind: 'nothing' })
  })
})
