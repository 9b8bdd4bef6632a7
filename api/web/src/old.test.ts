import { describe, expect, it, vi } from 'vitest'
import { unknownToOld } from '../old.mjs'

describe('what Chromium 86 does not understand', () => {
  it.each([
    ['a.css', 'li:has(p){color:red}'],
    ['a.css', 'a{height:100dvh}'],
    ['a.css', 'a{color:red;inset:0}'],
    ['a.css', '@container (width>1px){a{color:red}}'],
    ['a.css', '@media (width>=600px){a{color:red}}'],
    ['a.css', 'a{color:red;&:hover{color:blue}}'],
    ['a.css', 'a{background:color-mix(in srgb,red,blue)}'],
    ['a.js', 'const x=list.at(-1)'],
    ['a.js', 'Object.groupBy(a,b)'],
    ['a.js', 'crypto.randomUUID()'],
    ['a.js', 'const c=structuredClone(x)'],
    ['a.js', 'fetch(u,{signal:AbortSignal.timeout(9)})'],
    ['a.js', 'class A{static{A.b=1}}'],
    ['a.js', 'all.findLast(x=>x)'],
  ])('is found in %s: %s', (name, text) => expect(unknownToOld(name, text)).toHaveLength(1))
  it.each([
    ['a.css', 'a{top:0;right:0;box-shadow:inset 0 0 1px red;clip-path:inset(50%);height:100vh;gap:4px}.a:focus-visible{outline:none}@media (min-width:600px){a{transform:rotate(1deg)}}'],
    ['a.js', 'x.that(1);e.at;b.replaceAll("a","b");new AbortController().signal;toSorted(e){return pt(this).toSorted(e)};Object.hasOwn(a,b)'],
    ['a.txt', ':has('],
  ])('is not found in %s: %s', (name, text) => expect(unknownToOld(name, text)).toEqual([]))
})

it('has Object.hasOwn where the browser has none', async () => {
  const own = Object.getOwnPropertyDescriptor(Object, 'hasOwn')!
  try {
    Reflect.deleteProperty(Object, 'hasOwn')
    vi.resetModules()
    await import('./lib/old')
    const added = (Object as unknown as { hasOwn(o: object, k: string): boolean }).hasOwn
    expect([added({ a: 1 }, 'a'), added({ a: 1 }, 'toString')]).toEqual([true, false])
  } finally {
    Object.defineProperty(Object, 'hasOwn', own)
  }
})
