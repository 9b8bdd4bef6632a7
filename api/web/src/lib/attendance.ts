/** A half day's word; empty is not known. */
export type Half = '' | 'present' | 'away' | 'leave' | 'absent'

export const halves = ['present', 'away', 'leave', 'absent'] as const

export interface Day {
  staff: string
  day: string
  morning?: Half
  afternoon?: Half
}

/** A line of a table that could not be read, by its number, and why. */
export interface Unread {
  line: number
  why: 'columns' | 'person' | 'day' | 'word' | 'twice' | 'empty'
  text: string
}

const words: Record<string, Half> = {
  出勤: 'present', 在岗: 'present', present: 'present', '√': 'present',
  公出: 'away', 外勤: 'away', 出差: 'away', away: 'away',
  请假: 'leave', 休假: 'leave', leave: 'leave',
  缺勤: 'absent', 旷工: 'absent', absent: 'absent', '×': 'absent',
  '': '',
}

/** Splits a line of a CSV file, or of cells pasted out of a table. */
export function cells(line: string): string[] {
  if (line.includes('\t')) return line.split('\t').map((c) => c.trim())
  const out: string[] = []
  let cell = ''
  let quoted = false
  for (let i = 0; i < line.length; i++) {
    const c = line[i]
    if (quoted && c === '"' && line[i + 1] === '"') {
      cell += '"'
      i++
    } else if (c === '"') quoted = !quoted
    else if ((c === ',' || c === '，') && !quoted) {
      out.push(cell.trim())
      cell = ''
    } else cell += c
  }
  return [...out, cell.trim()]
}

/** A day as tables have it: 2026-11-3, 2026/11/03 or 2026.11.3; empty when it is none. */
export function day(text: string): string {
  const m = /^(20\d\d)[-/.年](\d{1,2})[-/.月](\d{1,2})日?$/.exec(text)
  if (!m) return ''
  const out = `${m[1]}-${m[2].padStart(2, '0')}-${m[3].padStart(2, '0')}`
  const at = new Date(out + 'T00:00:00Z')
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(out) ? out : ''
}

/**
 * Reads a table of attendance, a line for each person and day: who (login or
 * name), the day, the morning and the afternoon in words. All or nothing is
 * taken: what cannot be read is listed by its line. A first line of headings is
 * passed over; a name that two people have is no person.
 */
export function readTable(text: string, people: readonly { id: string; login: string; name: string }[], month: string): { days: Day[]; unread: Unread[] } {
  const known = new Map<string, string>()
  for (const p of people) known.set(p.name, known.has(p.name) ? '' : p.id)
  for (const p of people) known.set(p.login, p.id)
  const days: Day[] = []
  const unread: Unread[] = []
  const seen = new Set<string>()
  text.replace(/^\ufeff/, '').split(/\r?\n/).forEach((line, i) => {
    if (!line.trim()) return
    const [who = '', on = '', morning = '', afternoon = '', ...rest] = cells(line)
    const bad = (why: Unread['why']) => unread.push({ line: i + 1, why, text: line.slice(0, 80) })
    if (i === 0 && !day(on) && !known.get(who)) return
    if (rest.some(Boolean) || !on) return bad('columns')
    const staff = known.get(who)
    const at = day(on)
    if (!staff) return bad('person')
    if (!at || !at.startsWith(month)) return bad('day')
    const [am, pm] = [words[morning.toLowerCase()], words[afternoon.toLowerCase()]]
    if (am === undefined || pm === undefined) return bad('word')
    if (!am && !pm) return bad('empty')
    if (seen.has(staff + at)) return bad('twice')
    seen.add(staff + at)
    days.push({ staff, day: at, ...(am ? { morning: am } : {}), ...(pm ? { afternoon: pm } : {}) })
  })
  return { days, unread }
}

/** The days of a month, 2026-02 has 28. */
export function daysOf(month: string): string[] {
  const [y, m] = month.split('-').map(Number)
  const n = new Date(Date.UTC(y, m, 0)).getUTCDate()
  return Array.from({ length: n }, (_, i) => `${month}-${String(i + 1).padStart(2, '0')}`)
}

/** What of a day's list is different from what the ledger has, to be sent. */
export function changed(list: readonly Day[], known: readonly Day[]): Day[] {
  const before = new Map(known.map((d) => [d.staff + d.day, d]))
  return list.filter((d) => {
    const b = before.get(d.staff + d.day)
    return (d.morning || d.afternoon) && ((b?.morning ?? '') !== (d.morning ?? '') || (b?.afternoon ?? '') !== (d.afternoon ?? ''))
  })
}

/** A text file as spreadsheets here write them: UTF-8, or else GB 18030. */
export function decode(bytes: ArrayBuffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return new TextDecoder('gb18030').decode(bytes)
  }
}

export interface Office<P> {
  key: string
  division: string
  department: string
  people: P[]
}

/** People by the office whose attendance is one entry, in the order of their codes. */
export function offices<P extends { division: string; department?: string; disabled: boolean; name: string }>(people: readonly P[]): Office<P>[] {
  const found = new Map<string, Office<P>>()
  for (const p of people) {
    if (p.disabled) continue
    const key = `${p.division} ${p.department ?? ''}`
    const o = found.get(key) ?? { key, division: p.division, department: p.department ?? '', people: [] }
    o.people.push(p)
    found.set(key, o)
  }
  return [...found.values()].sort((a, b) => (a.key < b.key ? -1 : 1))
}
