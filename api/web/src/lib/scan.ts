/** The digits of a case number as a scanner types it, whatever stands around it; undefined when it is none. */
export function numberOf(scanned: string): string | undefined {
  const digits = scanned.normalize('NFKC').replace(/\D/g, '')
  return digits.length === 29 ? digits : undefined
}

/** The code of a printed document, which names its case, alone or behind the # of a scanned link. */
export function documentCodeOf(scanned: string): string | undefined {
  const text = scanned.trim()
  const link = /^https?:\/\/[^#\s]+#(\S+)$/i.exec(text)
  try {
    const code = link ? decodeURIComponent(link[1]) : text
    return /^TB\d:/.test(code) ? code : undefined
  } catch {
    return undefined // no link that says anything
  }
}

/**
 * Where papers may go from an office: the offices above it, the nearest first,
 * and those right below.
 */
export function neighbours(own: string, all: { code: string; name: string }[]): { code: string; name: string }[] {
  const size = (c: string) => [6, 9, 12].indexOf(c.length)
  const above = all.filter((d) => d.code !== own && own.startsWith(d.code) && size(d.code) >= 0).sort((a, b) => b.code.length - a.code.length)
  const below = all.filter((d) => d.code !== own && d.code.startsWith(own) && size(d.code) === size(own) + 1)
  return [...above, ...below]
}

/**
 * What a card reader's Enter does in a form: it goes on to the next field, where
 * it would hand the form in half-filled. Not while an input method composes, whose
 * Enter is its own; a button's and a text area's Enter are theirs.
 */
export function enterGoesOn(e: KeyboardEvent): void {
  const at = e.target
  if (e.key !== 'Enter' || e.isComposing || e.keyCode === 229 || !(at instanceof HTMLInputElement) || !['text', 'tel', 'search', 'number', 'date', 'email'].includes(at.type)) return
  const fields = Array.from(at.form?.elements ?? []).filter((f): f is HTMLElement => f instanceof HTMLElement && f.matches('input:not([type=hidden]):not([type=file]):not(:disabled), select:not(:disabled), textarea:not(:disabled)'))
  const next = fields[fields.indexOf(at) + 1]
  if (!next) return
  e.preventDefault()
  next.focus()
}
