// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest'
import { documentCodeOf, enterGoesOn, neighbours, numberOf } from './scan'

describe('a scanner', () => {
  it('types a number with or without its dashes, half or full width', () => {
    const digits = '33052311022020261123010000450'
    for (const s of ['330523110220-20261123-01-000045-0', digits, '330523110220－20261123－01－000045－0 ', '编号 330523110220-20261123-01-000045-0']) expect(numberOf(s)).toBe(digits)
    expect(numberOf('330523110220-20261123')).toBeUndefined()
  })
  it('types the code of a document', () => expect(['TB1:AEAQ', ' http://10.0.0.1/verify#TB1:AEAQ', '330523'].map(documentCodeOf)).toEqual(['TB1:AEAQ', 'TB1:AEAQ', undefined]))
  it('is asked where papers go: up first, then right below', () => {
    const d = (code: string) => ({ code, name: code })
    const all = ['330523', '330523110', '330523111', '330523110220', '330523110221'].map(d)
    expect(neighbours('330523110', all).map((x) => x.code)).toEqual(['330523', '330523110220', '330523110221'])
    expect(neighbours('330523110220', all).map((x) => x.code)).toEqual(['330523110', '330523'])
    expect(neighbours('330523', all).map((x) => x.code)).toEqual(['330523110', '330523111'])
  })
})

describe('the Enter of a reader', () => {
  const press = (at: HTMLElement, more: KeyboardEventInit = {}) => {
    const e = new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true, ...more })
    at.dispatchEvent(e)
    return e.defaultPrevented
  }
  it('goes on to the next field, and hands nothing in', () => {
    document.body.innerHTML = '<form><input id="a" type="text"><input type="file"><input disabled><select id="b"></select><input id="c" type="text"><button id="d"></button></form>'
    document.querySelector('form')!.addEventListener('keydown', enterGoesOn)
    const [a, c, d] = ['a', 'c', 'd'].map((id) => document.getElementById(id)!)
    expect([press(a), document.activeElement?.id]).toEqual([true, 'b'])
    expect([press(a, { isComposing: true }), press(c), press(d)]).toEqual([false, false, false])
  })
})
