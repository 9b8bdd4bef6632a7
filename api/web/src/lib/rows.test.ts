// @vitest-environment happy-dom
import { mount } from '@vue/test-utils'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { defineComponent } from 'vue'
import { opens, stepRow } from './rows'

const followed = vi.fn((e: Event) => e.preventDefault())
const pressed = vi.fn()
const table = () =>
  mount(
    defineComponent({
      directives: { opens },
      setup: () => ({ followed, pressed }),
      template: `<main><table><tbody><tr v-opens v-for="n in 3" :key="n"><td class="other">x</td><td><a :href="'/cases/' + n" @click="followed">{{ n }}</a> <button @click="pressed">b</button></td></tr></tbody></table></main>`,
    }),
    { attachTo: document.body },
  )
const click = (on: Element, init: MouseEventInit = {}, type = 'click') => on.dispatchEvent(new MouseEvent(type, { bubbles: true, cancelable: true, ...init }))

afterEach(() => vi.restoreAllMocks())

describe('a row that opens a page', () => {
  it('does so by its link, once, and leaves its buttons alone', () => {
    const w = table()
    const open = vi.spyOn(window, 'open').mockReturnValue(null)
    click(w.find('.other').element)
    expect([followed.mock.calls.length, open.mock.calls.length]).toEqual([1, 0])
    click(w.find('a').element)
    expect(followed.mock.calls.length).toBe(2)
    click(w.find('button').element)
    expect([followed.mock.calls.length, pressed.mock.calls.length]).toEqual([2, 1])
    w.unmount()
  })
  it('opens a tab with Ctrl, the Apple key or the middle button', () => {
    const w = table()
    const open = vi.spyOn(window, 'open').mockReturnValue(null)
    const cell = w.findAll('.other')[1].element
    click(cell, { ctrlKey: true })
    click(cell, { metaKey: true })
    click(cell, { button: 1 }, 'auxclick')
    click(cell, { button: 2 }, 'auxclick')
    expect(open.mock.calls.map((c) => [new URL(String(c[0])).pathname, c[1]])).toEqual(Array(3).fill(['/cases/2', '_blank']))
    w.unmount()
  })
  it('is gone to with keys, within the list', () => {
    const w = table()
    const at = () => document.activeElement?.textContent
    stepRow(1)
    expect(at()).toBe('1')
    stepRow(1)
    stepRow(1)
    stepRow(1)
    expect(at()).toBe('3')
    stepRow(-1)
    expect(at()).toBe('2')
    w.unmount()
    stepRow(1)
  })
})
