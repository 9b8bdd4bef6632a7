import { documentCodeOf, numberOf } from './scan'

/** What somebody typed or scanned into the search of the header. */
export type Asked =
  | { kind: 'nothing' }
  | { kind: 'number'; number: string } // a whole case number
  | { kind: 'code'; code: string } // the code of a printed document, which names its case
  | { kind: 'begins'; digits: string } // how a case number begins
  | { kind: 'words'; words: string } // an item's name, code or the initials of its reading

/** How many digits there must be for cases to be listed by how their number begins: its office's. */
const least = 6

export function asked(text: string): Asked {
  const plain = text.normalize('NFKC').trim()
  if (!plain) return { kind: 'nothing' }
  const code = documentCodeOf(plain)
  if (code) return { kind: 'code', code }
  const digits = plain.replace(/\D/g, '')
  if (/^[\d\s-]+$/.test(plain) && digits.length >= least) {
    const number = numberOf(plain)
    return number ? { kind: 'number', number } : { kind: 'begins', digits }
  }
  return { kind: 'words', words: plain }
}
