import { describe, expect, it } from 'vitest'
import { cells, changed, day, daysOf, decode, offices, readTable } from './attendance'

const people = [
  { id: 's1', login: 'yibao-chuangkou', name: '医保局窗口' },
  { id: 's2', login: 'yibao-shenhe', name: '医保局审核' },
  { id: 's3', login: 'a', name: '同名' },
  { id: 's4', login: 'b', name: '同名' },
]

describe('a table of attendance', () => {
  it('is read by login or name, from a file or pasted', () => {
    const text = '\ufeff姓名,日期,上午,下午\r\n医保局窗口,2026-11-02,出勤,出勤\nyibao-shenhe\t2026/11/3\t请假\t\n\na,2026年11月4日,,缺勤\n'
    expect(readTable(text, people, '2026-11')).toEqual({
      unread: [],
      days: [
        { staff: 's1', day: '2026-11-02', morning: 'present', afternoon: 'present' },
        { staff: 's2', day: '2026-11-03', morning: 'leave' },
        { staff: 's3', day: '2026-11-04', afternoon: 'absent' },
      ],
    })
  })
  it.each([
    ['同名,2026-11-02,出勤,', 'person'],
    ['无此人,2026-11-02,出勤,', 'person'],
    ['a,2026-11-31,出勤,', 'day'],
    ['a,2026-10-30,出勤,', 'day'],
    ['a,2026-11-02,在吗,', 'word'],
    ['a,2026-11-02,,', 'empty'],
    ['a', 'columns'],
    ['a,2026-11-02,出勤,出勤,多', 'columns'],
  ])('says what is wrong with %s', (line, why) => expect(readTable('a,2026-11-01,出勤,\n' + line, people, '2026-11').unread).toEqual([{ line: 2, why, text: line }]))
  it('takes a day once', () => expect(readTable('a,2026-11-02,出勤,\na,2026-11-2,缺勤,', people, '2026-11').unread).toMatchObject([{ line: 2, why: 'twice' }]))
  it('does not take a first line that names somebody for headings', () => expect(readTable('a,明天,出勤,', people, '2026-11').unread).toMatchObject([{ line: 1, why: 'day' }]))
})

it('cells are split as spreadsheets write them', () => {
  expect(cells('a,"b, ""c""",d')).toEqual(['a', 'b, "c"', 'd'])
  expect(cells('a\tb,c\td')).toEqual(['a', 'b,c', 'd'])
  expect(cells('a，b')).toEqual(['a', 'b'])
})

it('a day is a day of the calendar', () => expect(['2026-2-28', '2026-02-29', '2028.2.29', '昨天'].map(day)).toEqual(['2026-02-28', '', '2028-02-29', '']))

it('a month has its days', () => expect([daysOf('2026-02').length, daysOf('2028-02').pop(), daysOf('2026-12').pop()]).toEqual([28, '2028-02-29', '2026-12-31']))

it('only what changed is sent', () => {
  const known = [{ staff: 'a', day: '2026-11-02', morning: 'present' as const, afternoon: 'present' as const }]
  expect(changed([{ ...known[0] }, { staff: 'b', day: '2026-11-02' }, { staff: 'c', day: '2026-11-02', morning: 'leave' }], known)).toEqual([{ staff: 'c', day: '2026-11-02', morning: 'leave' }])
  expect(changed([{ ...known[0], afternoon: 'absent' }], known)).toHaveLength(1)
})

it('files are read in the encodings that spreadsheets write', () => {
  expect(decode(new TextEncoder().encode('出勤').buffer as ArrayBuffer)).toBe('出勤')
  expect(decode(new Uint8Array([0xb3, 0xf6, 0xc7, 0xda]).buffer)).toBe('出勤')
})

it('people stand under their office, who left under none', () => {
  const p = (division: string, department: string | undefined, disabled = false) => ({ division, department, disabled, name: 'x' })
  expect(offices([p('330523', '县民政局'), p('330523110', undefined), p('330523', '县民政局', true), p('330523', '县医疗保障局'), p('330523', '县民政局')]).map((o) => [o.division, o.department, o.people.length])).toEqual([
    ['330523', '县医疗保障局', 1],
    ['330523', '县民政局', 2],
    ['330523110', '', 1],
  ])
})
