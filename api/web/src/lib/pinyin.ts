import { digits, first, lists, numbers } from './pinyinTable'

// Finds Chinese text by how it is read, as the node does (node/pinyin).

const known = lists.split('|')

// The readings of a character, the usual one first; a letter or a digit is read as itself.
function readings(c: string): string[] {
  if (/^[a-z0-9]$/i.test(c)) return [c.toLowerCase()]
  const at = (c.codePointAt(0)! - first) * 2
  if (at < 0 || at >= numbers.length) return []
  const all = known[digits.indexOf(numbers[at]) * digits.length + digits.indexOf(numbers[at + 1])]
  return all ? all.split(' ') : []
}

// How many letters of one syllable say what is meant before it is whole.
const unfinished = 3

function reads(text: string[], at: number, letters: string, whole: boolean, start: boolean): boolean {
  if (!letters) return true
  if (at >= text.length) return false
  const all = readings(text[at])
  if (!all.length) return !start && reads(text, at + 1, letters, whole, false)
  return all.some(
    (reading) =>
      (letters.startsWith(reading) && reads(text, at + 1, letters.slice(reading.length), whole || reading.length > 1, false)) ||
      ((whole || letters.length >= unfinished) && reading.startsWith(letters)) ||
      (reading.length > 1 && letters[0] === reading[0] && reads(text, at + 1, letters.slice(1), whole, false)),
  )
}

/** The place of the first characters that are read as these letters say (a to z and digits, lower case), each by its first letter or whole; -1 where there are none. */
export function findRead(text: string, letters: string): number {
  if (!letters) return 0
  const all = Array.from(text)
  return all.findIndex((_, at) => reads(all, at, letters, false, true))
}
