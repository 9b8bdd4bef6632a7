import { expect, it } from 'vitest'
import { mayHandle } from './complaint'

const leader = { id: 'l', disabled: false, roles: ['department_leader' as const], division: '330523', department: '县医疗保障局' }
const township = { id: 't', disabled: false, roles: ['township_leader' as const], division: '330523110', department: '' }
const supervisor = { id: 's', disabled: false, roles: ['supervisor' as const], division: '330523', department: '' }

it.each([
  ['a supervisor', supervisor, {}, true],
  ['nobody about themselves', supervisor, { staff: 's' }, false],
  ['nobody who has left', { ...supervisor, disabled: true }, {}, false],
  ['a department about itself', leader, { department: '县医疗保障局' }, true],
  ['no other department', leader, { department: '县民政局' }, false],
  ['no department about none', leader, { division: '330523' }, false],
  ['a township about its villages', township, { division: '330523110220' }, true],
  ['no other township', township, { division: '330523111218' }, false],
  ['a window', { ...leader, roles: ['department_window' as const] }, { department: '县医疗保障局' }, false],
])('%s', (_, p, c, may) => expect(mayHandle(p, c)).toBe(may))
