import { describe, expect, it } from 'vitest'
import en from './locales/en.json'
import zh from './locales/zh.json'

const sources = import.meta.glob(['./**/*.vue', './**/*.ts', '!./**/*.test.ts'], { query: '?raw', import: 'default', eager: true }) as Record<string, string>

function keysOf(tree: object, prefix = ''): string[] {
  return Object.entries(tree).flatMap(([k, v]) => (typeof v === 'object' ? keysOf(v as object, `${prefix}${k}.`) : [prefix + k]))
}

describe('messages', () => {
  const keys = keysOf(zh)
  const text = Object.values(sources).join('\n')
  const whole = new Set(Array.from(text.matchAll(/\bt\(\s*'([^']+)'/g), (m) => m[1]).concat(Array.from(text.matchAll(/[?:]\s*t\('([^']+)'/g), (m) => m[1])))
  // t('status.' + s): every key under it may be shown.
  const begun = [...new Set(Array.from(text.matchAll(/\bt[em]?\('([\w.]+\.)'\s*\+/g), (m) => m[1]).concat(['status.', 'word.']))]

  it('are the same in both languages', () => expect(keysOf(en)).toEqual(keys))
  it('name what they are filled with alike', () => {
    const flat = (tree: object, prefix = ''): [string, string][] => Object.entries(tree).flatMap(([k, v]) => (typeof v === 'object' ? flat(v as object, `${prefix}${k}.`) : [[prefix + k, v as string] as [string, string]]))
    const english = new Map(flat(en))
    for (const [k, v] of flat(zh)) expect([k, [...(english.get(k) ?? '').matchAll(/\{\w+\}/g)].map(String).sort()]).toEqual([k, [...v.matchAll(/\{\w+\}/g)].map(String).sort()])
  })
  it('are all there', () => {
    expect([...whole].filter((k) => !k.endsWith('.') && !keys.includes(k))).toEqual([])
    expect(begun.filter((b) => !keys.some((k) => k.startsWith(b)))).toEqual([])
  })
  it('name everybody who may have acted, the applicant and the system too', () => {
    for (const l of [zh, en]) expect(Object.keys(l.role)).toEqual(expect.arrayContaining([...Object.keys(zh.demoRoles.role), 'system']))
  })
  it('are all used', () => expect(keys.filter((k) => !whole.has(k) && !begun.some((b) => k.startsWith(b)))).toEqual([]))
  it('are nowhere but here', () => {
    for (const [file, source] of Object.entries(sources)) {
      const template = /<template>([\s\S]*)<\/template>/.exec(source)?.[1] ?? ''
      expect([file, template.replace(/\{\{[\s\S]*?\}\}/g, '').replace(/"[^"]*"/g, '').match(/[\u4e00-\u9fff]+/g)]).toEqual([file, null])
    }
  })
})
