import { isIDNumber, isUSCC, normalise } from './identifier'
import { documentCodeOf, numberOf } from './scan'

/** What somebody typed or scanned into the search of the header. */
export type Asked =
  | { kind: 'nothing' }
  | { kind: 'number'; number: string } // a whole case number
  | { kind: 'code'; code: string } // the code of a printed document, which names its case
  | { kind: 'who'; type: 'person' | 'organisation'; number: string } // whose cases, by the whole number of their card or licence
  | { kind: 'begins'; digits: string } // how a case number begins
  | { kind: 'words'; words: string } // an item's name, code or the initials of its reading

/** How many digits there must be for cases to be listed by how their number begins: its office's. */
const least = 6

export function asked(text: string, today = new Date()): Asked {
  const plain = text.normalize('NFKC').trim()
  if (!plain) return { kind: 'nothing' }
  const code = documentCodeOf(plain)
  if (code) return { kind: 'code', code }
  const card = normalise(plain)
  if (isIDNumber(card, today)) return { kind: 'who', type: 'person', number: card }
  if (isUSCC(card)) return { kind: 'who', type: 'organisation', number: card }
  const digits = plain.replace(/\D/g, '')
  if (/^[\d\s-]+$/.test(plain) && digits.length >= least) {
    const number = numberOf(plain)
    return number ? { kind: 'number', number } : { kind: 'begins', digits }
  }
  return { kind: 'words', words: plain }
}
