// The checks that domain rules ask for (GB 11643, GB 32100), done while somebody
// types. The node checks again; these only spare a way.

const idWeights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
const usccAlphabet = '0123456789ABCDEFGHJKLMNPQRTUWXY'
const usccWeights = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28]

/** Upper case, half width, without spaces: as numbers are kept. */
export function normalise(text: string): string {
  return text.normalize('NFKC').replace(/\s/g, '').toUpperCase()
}

/** Whether a text is a resident identity number (GB 11643), born by `today`. */
export function isIDNumber(text: string, today: Date): boolean {
  const s = normalise(text)
  if (!/^\d{17}[\dX]$/.test(s)) return false
  const sum = idWeights.reduce((n, w, i) => n + w * Number(s[i]), 0)
  if ('10X98765432'[sum % 11] !== s[17]) return false
  const [year, month, day] = [Number(s.slice(6, 10)), Number(s.slice(10, 12)), Number(s.slice(12, 14))]
  const born = new Date(Date.UTC(year, month - 1, day))
  return born.getUTCFullYear() === year && born.getUTCMonth() === month - 1 && born.getUTCDate() === day && born <= today
}

/** Whether a text is a unified social credit code (GB 32100). */
export function isUSCC(text: string): boolean {
  const s = normalise(text)
  if (s.length !== 18 || [...s].some((c) => !usccAlphabet.includes(c))) return false
  const sum = usccWeights.reduce((n, w, i) => n + w * usccAlphabet.indexOf(s[i]), 0)
  return usccAlphabet[(31 - (sum % 31)) % 31] === s[17]
}

/** Whether a text is a mobile or a landline number. */
export function isPhone(text: string): boolean {
  const s = normalise(text)
  return /^1[3-9]\d{9}$/.test(s) || /^0\d{2,3}-?\d{7,8}$/.test(s)
}
