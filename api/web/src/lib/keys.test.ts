// @vitest-environment happy-dom
import { mount } from '@vue/test-utils'
import { defineComponent, h } from 'vue'
import { describe, expect, it, vi } from 'vitest'
import { dispatch, useKeys, type Keys } from './keys'

const page = (keys: Keys) => mount(defineComponent({ setup: () => (useKeys(keys), () => h('input', { id: 'field' })) }), { attachTo: document.body })
const press = (key: string, init: KeyboardEventInit = {}, on: EventTarget = document.body) => on.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true, ...init }))

describe('keys', () => {
  it('belong to the latest page, and to the one before when it is gone', () => {
    const [a, b] = [vi.fn(), vi.fn()]
    const below = page({ j: a, k: a })
    const above = page({ j: b })
    press('j')
    press('K')
    above.unmount()
    press('j')
    expect([a.mock.calls.length, b.mock.calls.length]).toEqual([2, 1])
    below.unmount()
    press('j')
    expect(a.mock.calls.length).toBe(2)
  })
  it('are letters while somebody types or an input method composes, and the browser keeps its own', () => {
    const act = vi.fn()
    const p = page({ j: act, Enter: act })
    press('j', {}, p.find('input').element)
    press('j', { isComposing: true })
    press('Enter', { keyCode: 229 } as KeyboardEventInit)
    press('j', { ctrlKey: true })
    dispatch(Object.assign(new KeyboardEvent('keydown', { key: 'j', cancelable: true }), {}))
    expect(act.mock.calls.length).toBe(1)
    p.unmount()
  })
  it('do nothing on a page that is covered', () => {
    const act = vi.fn()
    const p = page({ j: act })
    document.body.insertAdjacentHTML('beforeend', '<div id="cover" aria-modal="true"></div>')
    press('j')
    document.getElementById('cover')!.remove()
    expect(act).not.toHaveBeenCalled()
    p.unmount()
  })
})
