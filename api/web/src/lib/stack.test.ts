// @vitest-environment happy-dom
import { mount } from '@vue/test-utils'
import { expect, it } from 'vitest'
import { defineComponent, nextTick } from 'vue'
import { stack } from './stack'

const page = (rows: string) =>
  mount(
    defineComponent({
      directives: { stack },
      props: { due: { type: Boolean, default: true } },
      template: `<table v-stack><thead><tr><th>x</th><th v-if="due">due</th><th>number</th><th>item</th></tr></thead><tbody>${rows}</tbody></table>`,
    }),
  )

it('each line of a row that stands as a block has the name of its column', async () => {
  const w = page('<tr><th colspan="4">group</th></tr><tr><td><input type="checkbox" /></td><td v-if="due">1</td><td>2</td><td>3</td></tr>')
  const labels = () => w.findAll('td').map((c) => c.attributes('data-label'))
  expect(labels()).toEqual(['', 'due', 'number', 'item'])
  expect(w.classes()).toContain('stacks')
  // A column that is left out takes its name with it.
  await w.setProps({ due: false })
  await nextTick()
  expect(labels()).toEqual(['', 'number', 'item'])
})

it('a grid stays a grid', () => {
  const w = page('<tr><th scope="row">a</th><td>1</td><td>2</td><td>3</td></tr>')
  expect(w.classes()).not.toContain('stacks')
})
