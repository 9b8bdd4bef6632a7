import { describe, expect, it } from 'vitest'
import { byInput, fileOf, newItem, sectionOf, sections, tidy, within, type Item } from './itemform'

describe('the editor of items', () => {
  it('begins with everything that must be there', () => {
    const item = newItem('TB-XZRZ-099')
    for (const key of ['code', 'name', 'type', 'department', 'legal_basis', 'subject', 'accept_tiers', 'review_steps', 'decide_tier', 'statutory_working_days', 'promised_working_days', 'instant', 'special_procedures', 'fee', 'materials', 'form', 'results', 'phone', 'location']) expect(item).toHaveProperty(key)
    expect(item).not.toHaveProperty('remarks')
  })
  it('sends nothing that is optional and empty, and keeps what is not', () => {
    const item = { ...newItem('TB-XZRZ-099'), remarks: '', promise_reason: '情况复杂', publicity: 'never', review_body: '市市场监督管理局', life_events: ['birth'] } as Item
    item.materials = [{ name: '申请表', form: '原件', copies: 1, required: false, source: '申请人', shareable: false, condition: '' }]
    const sent = tidy(item)
    expect(sent).not.toHaveProperty('remarks')
    expect(sent.promise_reason).toBe('情况复杂')
    expect(sent.publicity).toBe('never')
    expect(sent.review_body).toBe('市市场监督管理局')
    expect(sent.life_events).toEqual(['birth'])
    expect(tidy({ ...item, life_events: [] })).not.toHaveProperty('life_events')
    expect(sent.materials[0]).toEqual({ name: '申请表', form: '原件', copies: 1, required: false, source: '申请人', shareable: false })
    expect(sent.fee).toEqual({ charged: false, standard: '' })
  })
  it('sends what has to be met, and nothing of it where nothing was said', () => {
    const item = { ...newItem('TB-XZRZ-099'), conditions: [{ text: '有固定场所', basis: '' }, { text: '年满十八周岁', basis: '某条例第五条' }], quantity: '' } as Item
    expect(tidy(item).conditions).toEqual([{ text: '有固定场所' }, { text: '年满十八周岁', basis: '某条例第五条' }])
    expect(tidy(item)).not.toHaveProperty('quantity')
    expect(tidy({ ...item, conditions: [] })).not.toHaveProperty('conditions')
    expect(sectionOf('items[0].conditions[1].text')).toBe('basis')
  })
  it('lets a line be begun, and sends it when there is something on it', () => {
    const item = newItem('TB-XZRZ-099')
    item.materials = [{ name: '申请表', form: '原件', copies: 1, required: false, source: '申请人', shareable: false, sample_text: ['申请书 ', ''] }]
    expect(tidy(item).materials[0].sample_text).toEqual(['申请书'])
    item.materials[0].sample_text = ['']
    expect(tidy(item).materials[0]).not.toHaveProperty('sample_text')
  })
  it('shows a fault at its input', () => {
    expect(within('items[0].materials[2].name')).toBe('materials.2.name')
    expect(sectionOf('items[0].materials[2].name')).toBe('papers')
    expect(sectionOf('items[0].code')).toBe('')
    expect([...byInput([{ path: 'items[0].phone', code: 'format', zh: '', en: '' }]).keys()]).toEqual(['phone'])
  })
  it('checks one item as a file of one', () => expect(fileOf(newItem('TB-A-001')).count).toBe(1))
  it('has each part once', () => {
    const keys = sections.flatMap((s) => s.parts.map((p) => p.key))
    expect(new Set(keys).size).toBe(keys.length)
  })
})
