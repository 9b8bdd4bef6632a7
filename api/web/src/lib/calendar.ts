import type { Schemas } from '../api'

type Year = Schemas['CalendarYear']

/**
 * How a day counts: a working day, a weekend, a public holiday, or a weekend
 * that is worked in exchange (调休上班).
 */
export type Kind = 'work' | 'weekend' | 'holiday' | 'makeUp'

export interface Day {
  date: string
  day: number
  kind: Kind
  name: string
}

/** A month as people know it: weeks from Monday, empty places around it. */
export interface Month {
  month: number
  weeks: (Day | undefined)[][]
  working: number
}

const pad = (n: number) => String(n).padStart(2, '0')

/** Every month of a year. Without an announcement only weekends are free. */
export function months(year: number, known: Year | undefined): Month[] {
  const holidays = new Set(known?.holidays)
  const workdays = new Set(known?.workdays)
  const names = new Map(known?.names.map((n) => [n.date ?? '', n.name ?? '']))
  return Array.from({ length: 12 }, (_, m) => {
    const weeks: (Day | undefined)[][] = []
    let working = 0
    for (let d = new Date(Date.UTC(year, m, 1)); d.getUTCMonth() === m; d = new Date(d.getTime() + 86_400_000)) {
      const date = `${year}-${pad(m + 1)}-${pad(d.getUTCDate())}`
      const weekday = (d.getUTCDay() + 6) % 7
      const kind: Kind = holidays.has(date) ? 'holiday' : workdays.has(date) ? 'makeUp' : weekday > 4 ? 'weekend' : 'work'
      if (kind === 'work' || kind === 'makeUp') working++
      if (!weeks.length || weekday === 0) weeks.push(Array.from({ length: 7 }, () => undefined))
      weeks[weeks.length - 1][weekday] = { date, day: d.getUTCDate(), kind, name: names.get(date) ?? '' }
    }
    return { month: m + 1, weeks, working }
  })
}

/** The year's days that are not as the weekday says, with their names: what a year is checked by. */
export function exceptions(list: Month[]): Day[] {
  return list.flatMap((m) => m.weeks.flat()).filter((d): d is Day => !!d && (d.kind === 'holiday' || d.kind === 'makeUp'))
}
