import type { Schemas } from '../api'
import { normalise } from './identifier'

type Asked = Pick<Schemas['Item']['form'][number], 'key' | 'type'>

/**
 * What was typed, as it is looked through before it is handed in where others stand
 * by: of numbers that name somebody or their money the ends alone, which is enough
 * to compare them with a card.
 */
export function covered(field: Asked, value: string): string {
  const v = value.trim()
  if (field.type === 'id_number') return ends(normalise(v), 6, 4)
  if (field.type === 'phone') return ends(normalise(v), 3, 4)
  if (field.type === 'string' && /account|card_no/.test(field.key)) return ends(v.replace(/\s/g, ''), 0, 4)
  return v
}

function ends(v: string, first: number, last: number): string {
  if (v.length <= first + last) return v && '****'
  return v.slice(0, first) + '*'.repeat(v.length - first - last) + v.slice(-last)
}
