// How somebody likes their tables, remembered by the browser, and a table as a file.

const setting = 'case-table'

/** The columns of a table of cases that can be left out; the number is always there. */
export const leavable = ['due', 'item', 'applicant', 'status', 'handedIn', 'word'] as const
export type Column = (typeof leavable)[number]

export interface View {
  left: Column[]
  dense: boolean
}

/** The view as it was left; the usual one where nothing is kept. */
export function recallView(): View {
  try {
    const kept = JSON.parse(localStorage.getItem(setting) ?? '{}') as Partial<View>
    return { left: leavable.filter((c) => kept.left?.includes(c)), dense: kept.dense === true }
  } catch {
    return { left: [], dense: false }
  }
}

export function keepView(view: View): void {
  localStorage.setItem(setting, JSON.stringify(view))
}

/** A part of a list, and from where it goes on. */
export interface Page<T> {
  rows: T[]
  next?: string
}

/**
 * All rows of a list, page by page, telling how many there are so far. Undefined
 * when it was stopped; a list that does not go on is not asked for ever.
 */
export async function everyPage<T>(page: (cursor: string) => Promise<Page<T>>, told: (n: number) => void, stopped: () => boolean): Promise<T[] | undefined> {
  const all: T[] = []
  const asked = new Set<string>()
  for (let cursor = ''; !asked.has(cursor); ) {
    asked.add(cursor)
    const { rows, next } = await page(cursor)
    if (stopped()) return undefined
    all.push(...rows)
    told(all.length)
    if (!next) break
    cursor = next
  }
  return all
}

/**
 * Rows as a spreadsheet opens them, in UTF-8 with its mark. What begins like a
 * formula is text: a name must not compute.
 */
export function csv(rows: string[][]): string {
  const cell = (text: string) => `"${(/^[=+\-@\t\r]/.test(text) ? "'" : '') + text.replace(/"/g, '""')}"`
  return '\ufeff' + rows.map((r) => r.map(cell).join(',') + '\r\n').join('')
}

/** Hands a text to whoever sits here as a file. */
export function download(name: string, text: string, type = 'text/csv'): void {
  saveFile(name, new Blob([text], { type }))
}

/** Hands a file to whoever sits here. */
export function saveFile(name: string, file: Blob): void {
  const address = URL.createObjectURL(file)
  const link = Object.assign(document.createElement('a'), { href: address, download: name })
  link.click()
  window.setTimeout(() => URL.revokeObjectURL(address), 60_000) // the browser reads it first
}
