import type { Schemas } from '../api'

export type Item = Schemas['Item']
type Fault = Schemas['Fault']

/** What may be typed of an item: the shape of the editor. */
export interface Part {
  key: string
  /** Its message under itemPart, where it is not that of its key. */
  label?: string
  kind: 'text' | 'long' | 'number' | 'money' | 'yes' | 'choice' | 'choices' | 'list' | 'group' | 'lines'
  options?: readonly string[]
  parts?: readonly Part[]
  /** A message namespace for the options, where they are not words for people. */
  words?: 'tier' | 'subject' | 'fieldType' | 'lifeEvent' | 'tolerance' | 'term'
  /** Left out of the item when it is empty. */
  optional?: boolean
  wide?: boolean
  /** Shown only where the entry is of this type. */
  ofType?: string
}

/** The life events, in the order of the county's list. */
export const lifeEvents = ['birth', 'school', 'work', 'service', 'marriage', 'papers', 'house', 'vehicle', 'health', 'disability', 'hardship', 'retirement', 'death', 'dispute', 'opening', 'trade', 'hiring', 'project', 'farming', 'gathering', 'change', 'society'] as const satisfies readonly Schemas['LifeEvent'][]

const tiers = ['county', 'township', 'village'] as const

/** The sections of the editor, in the order in which an item is thought through. */
export const sections: readonly { key: string; parts: readonly Part[] }[] = [
  {
    key: 'what',
    parts: [
      { key: 'name', kind: 'text', wide: true },
      { key: 'type', kind: 'choice', options: ['行政许可', '行政确认', '行政给付', '行政奖励', '其他行政权力', '公共服务'], words: 'term' },
      { key: 'department', kind: 'text' },
      { key: 'subject', kind: 'choice', options: ['自然人', '法人', 'both'], words: 'subject' },
      { key: 'life_events', kind: 'choices', options: lifeEvents, words: 'lifeEvent', optional: true, wide: true },
      { key: 'in_person', kind: 'text', optional: true, wide: true },
      { key: 'remarks', kind: 'long', optional: true, wide: true },
    ],
  },
  {
    key: 'basis',
    parts: [
      {
        key: 'legal_basis',
        kind: 'list',
        parts: [
          { key: 'law', kind: 'text', wide: true },
          { key: 'article', kind: 'text', optional: true },
          { key: 'document_no', kind: 'text', optional: true },
        ],
      },
      {
        key: 'conditions',
        kind: 'list',
        optional: true,
        parts: [
          { key: 'text', label: 'conditionText', kind: 'long', wide: true },
          { key: 'basis', label: 'conditionBasis', kind: 'text', optional: true },
        ],
      },
      { key: 'quantity', kind: 'text', optional: true, wide: true },
    ],
  },
  {
    key: 'way',
    parts: [
      { key: 'accept_tiers', kind: 'choices', options: tiers, words: 'tier' },
      { key: 'decide_tier', kind: 'choice', options: tiers, words: 'tier' },
      {
        key: 'review_steps',
        kind: 'list',
        parts: [
          { key: 'tier', kind: 'choice', options: tiers, words: 'tier' },
          { key: 'role', kind: 'choice', options: ['受理', '初审', '审核', '审批'], words: 'term' },
          { key: 'working_days', kind: 'number', optional: true },
        ],
      },
    ],
  },
  {
    key: 'time',
    parts: [
      { key: 'statutory_working_days', kind: 'number' },
      { key: 'promised_working_days', kind: 'number' },
      { key: 'instant', kind: 'yes' },
      { key: 'promise_reason', kind: 'text', optional: true, wide: true },
      {
        key: 'special_procedures',
        kind: 'list',
        parts: [
          { key: 'name', kind: 'text' },
          { key: 'typical_days', kind: 'number' },
          { key: 'unit', kind: 'choice', options: ['工作日', '自然日'], words: 'term' },
          { key: 'suspends_statutory_clock', kind: 'yes' },
        ],
      },
    ],
  },
  {
    key: 'money',
    parts: [
      {
        key: 'fee',
        kind: 'group',
        parts: [
          { key: 'charged', kind: 'yes' },
          { key: 'after_issue', kind: 'yes', optional: true },
          { key: 'standard', kind: 'text', wide: true },
          {
            key: 'rates',
            kind: 'list',
            optional: true,
            parts: [
              { key: 'name', kind: 'text' },
              { key: 'unit', kind: 'text' },
              { key: 'amount_fen', kind: 'money' },
              { key: 'basis', kind: 'text', optional: true },
            ],
          },
        ],
      },
    ],
  },
  {
    key: 'papers',
    parts: [
      {
        key: 'materials',
        kind: 'list',
        parts: [
          { key: 'name', kind: 'text', wide: true },
          { key: 'form', label: 'paperForm', kind: 'choice', options: ['原件', '复印件', '原件和复印件', '电子'], words: 'term' },
          { key: 'copies', kind: 'number' },
          { key: 'source', kind: 'text' },
          { key: 'required', kind: 'yes' },
          { key: 'shareable', kind: 'yes' },
          { key: 'tolerable', kind: 'choice', options: ['no', 'yes'], words: 'tolerance' },
          { key: 'condition', kind: 'text', optional: true, wide: true },
          { key: 'sample_note', kind: 'text', optional: true, wide: true },
          { key: 'sample_form', kind: 'yes', optional: true },
          { key: 'sample_text', kind: 'lines', optional: true, wide: true },
        ],
      },
    ],
  },
  {
    key: 'fields',
    parts: [
      {
        key: 'form',
        kind: 'list',
        parts: [
          { key: 'key', kind: 'text' },
          { key: 'label', kind: 'text' },
          { key: 'type', kind: 'choice', options: ['string', 'text', 'number', 'date', 'enum', 'id_number', 'uscc', 'phone', 'address'], words: 'fieldType' },
          { key: 'required', label: 'mustFill', kind: 'yes' },
          { key: 'options', kind: 'lines', optional: true, wide: true, ofType: 'enum' },
        ],
      },
    ],
  },
  {
    key: 'result',
    parts: [
      {
        key: 'results',
        kind: 'list',
        parts: [
          { key: 'name', kind: 'text', wide: true },
          { key: 'validity_years', kind: 'number', optional: true },
        ],
      },
      { key: 'phone', kind: 'text' },
      { key: 'location', kind: 'text', wide: true },
    ],
  },
]

type Value = Record<string, unknown>

/** A new entry of a list, with every part that must be there. */
export function blank(parts: readonly Part[]): Value {
  const v: Value = {}
  for (const p of parts) {
    if (p.optional) continue
    v[p.key] = { text: '', long: '', number: 0, money: 0, yes: false, choice: p.options?.[0] ?? '', choices: [], list: [], lines: [], group: blank(p.parts ?? []) }[p.kind]
  }
  return v
}

/** A new item, empty but for its code: what is missing the checks say. */
export function newItem(code: string): Item {
  const v: Value = { code }
  for (const s of sections) Object.assign(v, blank(s.parts))
  return v as Item
}

/** The item as it is sent: what is optional and empty is left out, so that nothing changed is nothing changed. */
export function tidy(item: Item): Item {
  const v: Value = { code: item.code, ...tidied(item as unknown as Value, sections.flatMap((s) => s.parts)) }
  if (item.publicity) v.publicity = item.publicity
  if (item.review_body) v.review_body = item.review_body
  return v as Item
}

function tidied(v: Value, parts: readonly Part[]): Value {
  const out: Value = {}
  for (const p of parts) {
    let x = v[p.key]
    if (p.kind === 'group') x = tidied((x ?? {}) as Value, p.parts ?? [])
    // As typed, a line that was begun is empty.
    if (p.kind === 'lines') x = ((x ?? []) as string[]).map((l) => l.trim()).filter(Boolean)
    if (p.kind === 'list') x = ((x ?? []) as Value[]).map((e) => tidied(e, p.parts ?? []))
    if (p.optional && (x === '' || x === false || x === 0 || x === null || x === undefined || (Array.isArray(x) && !x.length))) continue
    out[p.key] = x
  }
  return out
}

/** The file in which one item is checked. */
export function fileOf(item: Item): { count: number; items: Item[] } {
  return { count: 1, items: [tidy(item)] }
}

/** A fault's path within the item: items[0].materials[2].name is materials.2.name. */
export function within(path: string): string {
  return path.replace(/^items\[0\]\.?/, '').replace(/\[(\d+)\]/g, '.$1')
}

/** Faults by the input they belong to; what belongs to none is under ''. */
export function byInput(faults: readonly Fault[]): Map<string, Fault[]> {
  const map = new Map<string, Fault[]>()
  for (const f of faults) {
    const at = within(f.path)
    map.set(at, [...(map.get(at) ?? []), f])
  }
  return map
}

/** The section in which a fault is mended. */
export function sectionOf(path: string): string {
  const first = within(path).split('.')[0]
  return sections.find((s) => s.parts.some((p) => p.key === first))?.key ?? ''
}
