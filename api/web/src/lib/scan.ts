/** The digits of a case number as a scanner types it, whatever stands around it; undefined when it is none. */
export function numberOf(scanned: string): string | undefined {
  const digits = scanned.normalize('NFKC').replace(/\D/g, '')
  return digits.length === 29 ? digits : undefined
}

/** Whether a text is the code of a printed document, which names its case. */
export function isDocumentCode(scanned: string): boolean {
  return /^TB\d:/.test(scanned.trim())
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
