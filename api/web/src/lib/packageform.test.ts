import { describe, expect, it } from 'vitest'
import { newForm, packagesIn, sectionOf, toForm, toPackage, toggled, type Package } from './packageform'

const known: Package = {
  code: 'PK-01',
  name: '开办餐饮店',
  description: '联动办理',
  lead_department: '县市场监督管理局',
  accept_tiers: ['county', 'township'],
  items: ['A', 'B', 'C', 'D'],
  optional_items: [{ item: 'D', when: '设置店招时' }, { item: 'C', when: '排污时' }],
  stages: [{ stage: 1, parallel_items: ['A'] }, { stage: 2, parallel_items: ['D', 'B', 'C'] }],
  dependencies: [{ item: 'B', after: ['A'], reason: '须先取得主体资格' }],
  internal_results: [{ result: '营业执照', produced_by: 'A', satisfies_material_of: ['C', 'B'] }],
  merged_materials: [{ material: '平面图', submit_once_for: ['B', 'C'], note: '' }],
  promised_working_days_critical_path: 7,
  notes: ['可联合踏勘'],
}
const days = (item: string) => ({ A: 2, B: 5, C: 3, D: 1 })[item] ?? 0

describe('a package', () => {
  it('that nobody changed is the same', () => expect(toPackage(toForm(known), days, known)).toEqual(known))
  it('loses an item with all that names it', () => {
    const f = toForm(known)
    f.rows = f.rows.filter((r) => r.item !== 'B')
    const p = toPackage(f, days, known)
    expect(JSON.stringify(p)).not.toContain('"B"')
    expect(p.promised_working_days_critical_path).toBe(5)
    expect(p.dependencies).toEqual([])
    expect(p.internal_results[0].satisfies_material_of).toEqual(['C'])
  })
  it('numbers its stages without gaps', () => {
    const f = toForm(known)
    f.rows[3].stage = 9
    expect(toPackage(f, days, known).stages).toEqual([
      { stage: 1, parallel_items: ['A'] },
      { stage: 2, parallel_items: ['B', 'C'] },
      { stage: 3, parallel_items: ['D'] },
    ])
  })
  it('that is new has nothing in it', () => expect(toPackage(newForm('PK-77'), days)).toMatchObject({ code: 'PK-77', items: [], stages: [], promised_working_days_critical_path: 0 }))
  it('does not change what it was made from', () => {
    const f = toForm(known)
    f.dependencies[0].after.push('C')
    expect(known.dependencies[0].after).toEqual(['A'])
  })
})

it('faults belong to a section', () => {
  expect(['packages[0].name', 'packages[0].items[1]', 'packages[0].stages[0].parallel_items', 'packages[0].dependencies[0].after', 'packages[0].internal_results[0]', 'packages[0].merged_materials[1].note'].map(sectionOf)).toEqual(['head', 'rows', 'rows', 'dependencies', 'results', 'merged'])
})

it('a choice goes in and out', () => expect([toggled(['A'], 'B'), toggled(['A', 'B'], 'A')]).toEqual([['A', 'B'], ['B']]))

it('packages of a file are counted', () => expect([packagesIn('{"packages":[{},{}]}'), packagesIn('{}'), packagesIn('x')]).toEqual([2, 0, 0]))
